"""Who may do what to categories and downloads. The roles table of the documentation, as code."""

from downloads.access import access_to
from downloads.models import AccessKey, Category, Download, Share, TeamMember
from downloads.models.access import MODERATE, AccessKeyQuerySet
from downloads.querysets import MANAGE_TEAM, MANAGE_VERSIONS, PUBLISHER_FLAGS
from downloads.rules import CategoryRules
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy

HARD_DELETE = "downloads.hard_delete_download"


class CategoryPolicy(Policy[Category]):
    def can_view(self, actor: Actor, target: Category) -> bool:
        return bool(actor.user) or actor.is_superuser or not target.is_members_only

    def can_create(self, actor: Actor) -> bool:
        return actor.is_superuser

    def can_edit(self, actor: Actor, target: Category) -> bool:
        return actor.is_superuser

    def can_delete(self, actor: Actor, target: Category) -> bool:
        return actor.is_superuser


class DownloadPolicy(Policy[Download]):
    def can_view(self, actor: Actor, target: Download) -> bool:
        if self.is_unbound(actor, target):
            return False
        if self.is_moderator(actor) or self.is_owner(actor, target):
            return True
        if target.is_deleted:
            return False
        return self.is_open_to(actor, target) or self.is_on_team(actor, target)

    def standing(self, actor: Actor, target: Download) -> frozenset[str]:
        if self.is_unbound(actor, target):
            return frozenset()
        roles = {"moderator": self.is_moderator(actor), "owner": self.is_owner(actor, target)}
        return access_to(actor, target.pk).flags.union(name for name, holds in roles.items() if holds)

    def can_create(self, actor: Actor, rules: CategoryRules) -> bool:
        """A signed-in user where the category accepts new downloads; a key bound to downloads makes no others."""
        if actor.bound_download_ids is not None:
            return False
        return self.is_moderator(actor) or (actor.user is not None and rules.accepts_downloads)

    def can_edit(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, "can_edit")

    def can_set_visibility(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target)

    def can_delete(self, actor: Actor, target: Download, *, hard: bool = False) -> bool:
        return self.can_erase(actor, target) if hard else self._may(actor, target)

    def can_restore(self, actor: Actor, target: Download) -> bool:
        return self.is_moderator(actor) or self.is_owner(actor, target)

    def can_approve(self, actor: Actor, target: Download) -> bool:
        return self.is_moderator(actor)

    def can_post_version(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, *PUBLISHER_FLAGS)

    def can_manage_versions(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, MANAGE_VERSIONS)

    def can_manage_team(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, MANAGE_TEAM)

    def can_manage_access_keys(self, actor: Actor, target: Download) -> bool:
        """A key lets somebody in, as a share does."""
        return self.can_manage_team(actor, target)

    def can_erase(self, actor: Actor, target: Download) -> bool:
        """Hard deletion, of the download or anything in it: the owner, or staff with the permission for it."""
        return self.is_owner(actor, target) or actor.has_permission(HARD_DELETE)

    def is_moderator(self, actor: Actor) -> bool:
        return actor.has_permission(MODERATE)

    def is_owner(self, actor: Actor, target: Download) -> bool:
        return actor.user_id is not None and actor.user_id == target.owner_id

    def is_unbound(self, actor: Actor, target: Download) -> bool:
        return actor.bound_download_ids is not None and target.pk not in actor.bound_download_ids

    def is_on_team(self, actor: Actor, target: Download) -> bool:
        return bool(access_to(actor, target.pk).flags)

    def is_insider(self, actor: Actor, target: Download) -> bool:
        """Sees drafts and whatever else is not yet for everybody."""
        return self.is_moderator(actor) or self.is_owner(actor, target) or self.is_on_team(actor, target)

    def has_flag(self, actor: Actor, target: Download, *flags: str) -> bool:
        """Owner, moderator, or a team member with one of the flags; whatever the state."""
        if self.is_moderator(actor) or self.is_owner(actor, target):
            return True
        return not access_to(actor, target.pk).flags.isdisjoint(flags)

    def grantable_flags(self, actor: Actor, target: Download) -> frozenset[str]:
        """Return the team flags that the actor may give to others: the actor's own."""
        if self.is_moderator(actor) or self.is_owner(actor, target):
            return frozenset(TeamMember.FLAGS)
        return access_to(actor, target.pk).flags

    def is_open_to(self, actor: Actor, target: Download) -> bool:
        """Visible without a role: by the download's visibility, a share, or an access key."""
        if target.state != Download.State.VISIBLE:
            return False
        if target.pk in actor.granted_download_ids:
            return True
        if actor.user is None:
            return target.visibility == Download.Visibility.PUBLIC and not target.category.is_members_only
        if target.visibility in {Download.Visibility.PUBLIC, Download.Visibility.MEMBERS}:
            return True
        access = access_to(actor, target.pk)
        in_store = target.visibility == Download.Visibility.ORGANIZATION and access.is_in_store
        return access.is_shared or in_store

    def _may(self, actor: Actor, target: Download, *flags: str) -> bool:
        """Nothing is done to a deleted download before it is restored, except by site administrators."""
        if actor.is_superuser:
            return True
        return not target.is_deleted and self.has_flag(actor, target, *flags)


class SharePolicy(Policy[Share]):
    def standing(self, actor: Actor, target: Share) -> frozenset[str]:
        return download_policy.standing(actor, target.download)

    def can_view(self, actor: Actor, target: Share) -> bool:
        """Who sees the download and manages its team, made the share, or was given it."""
        if not download_policy.can_view(actor, target.download):
            return False
        is_party = actor.user_id is not None and actor.user_id in {target.created_by_id, target.user_id}
        return is_party or download_policy.can_manage_team(actor, target.download)

    def can_remove(self, actor: Actor, target: Share) -> bool:
        """The user who made it, the owner of the download and moderators; without a creator, any team manager."""
        if download_policy.is_moderator(actor) or download_policy.is_owner(actor, target.download):
            return True
        if target.created_by_id is None:
            return download_policy.can_manage_team(actor, target.download)
        return actor.user_id == target.created_by_id


category_policy = CategoryPolicy()
download_policy = DownloadPolicy()


class AccessKeyPolicy(Policy[AccessKey]):
    """The keys of a download are a matter of those who manage its team."""

    def standing(self, actor: Actor, target: AccessKey) -> frozenset[str]:
        return download_policy.standing(actor, target.download)

    def can_view(self, actor: Actor, target: AccessKey) -> bool:
        download = target.download
        return download_policy.can_view(actor, download) and download_policy.can_manage_access_keys(actor, download)

    def can_revoke(self, actor: Actor, target: AccessKey) -> bool:
        return self.can_view(actor, target)


access_key_policy = AccessKeyPolicy()
share_policy = SharePolicy()


def manageable_access_keys(actor: Actor) -> AccessKeyQuerySet:
    """The set form of `AccessKeyPolicy.can_view`."""
    rows: AccessKeyQuerySet = AccessKey.objects.with_standing().filter(
        download__in=Download.all_objects.team_managed_by(actor)
    )
    return rows
