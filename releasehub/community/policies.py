"""The permission policy of comments and reviews. They are never more visible than their download."""

from downloads.models import Download
from downloads.policies import HARD_DELETE, download_policy
from downloads.querysets import reads_everything
from downloads.rules import rules_of
from releasehub.community.models import Comment, Contribution, Review
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid, NotFound
from releasehub.core.policy import Policy


class ContributionPolicy(Policy[Contribution]):
    """The rules for comments and reviews, which are the same.

    The people behind a download see what waits for approval, but they neither approve nor delete what others write
    about their work. Moderators do that.
    """

    def can_view(self, actor: Actor, target: Contribution) -> bool:
        download = target.download
        if not self.can_view_comments(actor, download):
            return False
        if reads_everything(actor):
            return True
        if target.is_deleted:
            return False
        return target.is_shown or self.is_author(actor, target) or download_policy.reads_inside(actor, download)

    def standing(self, actor: Actor, target: Contribution) -> frozenset[str]:
        roles = download_policy.standing(actor, target.download)
        return roles | {"author"} if self.is_author(actor, target) else roles

    def can_view_comments(self, actor: Actor, download: Download) -> bool:
        """Return whether the actor sees the comments of the download, which everyone does who sees the download."""
        return download_policy.can_view(actor, download)

    def can_comment(self, actor: Actor, download: Download) -> bool:
        is_open = rules_of(download.category).allows_comments or download_policy.is_moderator(actor)
        return is_open and self._can_write(actor, download)

    def can_review(self, actor: Actor, download: Download) -> bool:
        """Return whether the actor may rate the download. The owner and the team cannot rate their own work."""
        is_open = rules_of(download.category).allows_reviews or download_policy.is_moderator(actor)
        return is_open and self._can_write(actor, download) and not self.is_maker(actor, download)

    def ensure_comment(self, actor: Actor, download: Download) -> None:
        """Check that the actor may write a comment.

        Raises:
            NotFound: The actor may not see the download.
            Conflict: The download is deleted.
            Invalid: The actor is not a user, so the comment would have no author.
            Denied: The category accepts no comments.
        """
        self._ensure_write(actor, download, "comment")
        if not self.can_comment(actor, download):
            raise Denied(f"The category {download.category.title} accepts no comments.")

    def ensure_review(self, actor: Actor, download: Download) -> None:
        """Check that the actor may write a review.

        Raises:
            NotFound: The actor may not see the download.
            Conflict: The download is deleted.
            Invalid: The actor is not a user, so the review would have no author.
            Denied: The category accepts no reviews, or the actor owns the download or belongs to its team.
        """
        self._ensure_write(actor, download, "review")
        if self.is_maker(actor, download):
            raise Denied("You cannot review a download of your own. Reply to the reviews of others instead.")
        if not self.can_review(actor, download):
            raise Denied(f"The category {download.category.title} accepts no reviews.")

    def can_edit(self, actor: Actor, target: Contribution) -> bool:
        """Return whether the actor may change the text.

        Users who joined the team of a download after they reviewed it can only delete that review.
        """
        is_own_review = isinstance(target, Review) and self.is_author(actor, target)
        if is_own_review and self.is_maker(actor, target.download):
            return False
        return self._may(actor, target)

    def can_delete(self, actor: Actor, target: Contribution, *, hard: bool = False) -> bool:
        """Return whether the actor may delete the row. Only staff with a permission erase it.

        An author cannot erase a text of their own, because moderators may still need it.
        """
        return actor.has_permission(HARD_DELETE) if hard else self._may(actor, target)

    def can_restore(self, actor: Actor, target: Contribution) -> bool:
        return download_policy.is_moderator(actor)

    def can_approve(self, actor: Actor, target: Contribution) -> bool:
        return download_policy.is_moderator(actor)

    def can_reply(self, actor: Actor, target: Contribution) -> bool:
        """Return whether the actor may reply to a review: the people who may edit the download, and moderators."""
        return not target.is_deleted and download_policy.can_edit(actor, target.download)

    def needs_approval(self, actor: Actor, download: Download) -> bool:
        """Return whether a moderator has to approve what the actor writes; the team of the download is trusted.

        A category can hold only the texts of users of whom no text is visible anywhere yet.
        """
        rules = rules_of(download.category)
        if download_policy.is_insider(actor, download):
            return False
        return rules.comments_need_approval or (rules.holds_first_posts and not self.has_shown_text(actor))

    def has_shown_text(self, actor: Actor) -> bool:
        return any(model.objects.shown().filter(author=actor.user_id).exists() for model in (Comment, Review))

    def is_author(self, actor: Actor, target: Contribution) -> bool:
        return actor.user_id is not None and actor.user_id == target.author_id

    def is_maker(self, actor: Actor, download: Download) -> bool:
        return download_policy.is_owner(actor, download) or download_policy.is_on_team(actor, download)

    def is_deleted(self, target: Contribution) -> bool:
        return target.is_deleted or target.download.is_deleted

    def _can_write(self, actor: Actor, download: Download) -> bool:
        return actor.user is not None and not download.is_deleted and self.can_view_comments(actor, download)

    def _ensure_write(self, actor: Actor, download: Download, name: str) -> None:
        if not self.can_view_comments(actor, download):
            raise NotFound
        download_policy.note_reliance(actor, download)
        if download.is_deleted:
            raise Conflict(ErrorCode.IS_DELETED, f"The download {download.title} was deleted. Restore it first.")
        if actor.user is None:
            raise Invalid(
                f"The {name} needs an author, but this request does not belong to a user. Sign in, or use the key of a "
                "user.",
                field="author",
            )

    def _may(self, actor: Actor, target: Contribution) -> bool:
        if actor.is_superuser:
            return True
        is_entitled = self.is_author(actor, target) or download_policy.is_moderator(actor)
        return is_entitled and not self.is_deleted(target)


contribution_policy = ContributionPolicy()
