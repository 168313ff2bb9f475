"""Permission policies of categories, downloads, shares and access keys.

They implement the table of roles in the documentation.
"""

from downloads.access import access_to
from downloads.models import AccessKey, Category, Download, Prefix, Share, TeamMember
from downloads.models.access import MODERATE
from downloads.models.access_key import AccessKeyQuerySet
from downloads.querysets import MANAGE_TEAM, MANAGE_VERSIONS, PUBLISHER_FLAGS, reads_everything
from downloads.rules import CategoryRules, rules_of
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy, Target

HARD_DELETE = "downloads.hard_delete_download"
HOLD = "downloads.hold_download"


def arranges_catalog(actor: Actor) -> bool:
    """Return whether the actor changes categories and prefixes, which an API key that is bound to downloads cannot."""
    return actor.is_superuser and actor.bound_download_ids is None


class CatalogPolicy(Policy[Target]):
    """The rules for what orders the downloads: everyone may see it, and superusers change it."""

    def can_view(self, actor: Actor, target: Target) -> bool:
        return True

    def can_create(self, actor: Actor) -> bool:
        return arranges_catalog(actor)

    def can_edit(self, actor: Actor, target: Target) -> bool:
        return arranges_catalog(actor)

    def can_delete(self, actor: Actor, target: Target) -> bool:
        return arranges_catalog(actor)


class CategoryPolicy(CatalogPolicy[Category]):
    """The rules for categories, some of which only members may see."""

    def can_view(self, actor: Actor, target: Category) -> bool:
        return bool(actor.user) or actor.is_superuser or not target.is_members_only


class PrefixPolicy(CatalogPolicy[Prefix]):
    pass


class DownloadPolicy(Policy[Download]):
    """The rules for downloads. The policies of versions and files build on them."""

    def can_view(self, actor: Actor, target: Download) -> bool:
        if self.is_unbound(actor, target):
            return False
        if reads_everything(actor) or self.is_owner(actor, target):
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
        """Return whether the actor may create a download under these rules.

        The category must accept new downloads from users. An API key that is bound to downloads cannot create others.
        """
        if actor.bound_download_ids is not None:
            return False
        return self.is_moderator(actor) or (actor.user is not None and rules.accepts_downloads)

    def can_edit(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, "can_edit")

    def can_set_visibility(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target)

    def can_transfer(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor may give the download to another owner: its owner, or a moderator."""
        return self._may(actor, target)

    def can_delete(self, actor: Actor, target: Download, *, hard: bool = False) -> bool:
        return self.can_erase(actor, target) if hard else self._may(actor, target)

    def can_restore(self, actor: Actor, target: Download) -> bool:
        return self.is_moderator(actor) or self.is_owner(actor, target)

    def can_approve(self, actor: Actor, target: Download) -> bool:
        return self.is_moderator(actor)

    def can_feature(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor chooses the downloads that the front page shows first."""
        return self.is_moderator(actor) and not target.is_deleted

    def can_hold(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor may place and lift legal holds. The state of the download does not matter."""
        return actor.has_permission(HOLD)

    def needs_approval(self, actor: Actor, category: Category) -> bool:
        """Return whether a moderator has to approve what the actor publishes in the category."""
        return rules_of(category).requires_approval and not self.is_moderator(actor)

    def can_post_version(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, *PUBLISHER_FLAGS)

    def is_publisher(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor publishes versions as the owner or on the team, apart from rights as staff."""
        return self.is_owner(actor, target) or not access_to(actor, target.pk).flags.isdisjoint(PUBLISHER_FLAGS)

    def can_view_statistics(self, actor: Actor, target: Download) -> bool:
        return target.shows_statistics or self.reads_inside(actor, target)

    def can_view_activity(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor sees who changed what: the team, and moderators."""
        return self.is_insider(actor, target)

    def can_manage_versions(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, MANAGE_VERSIONS)

    def can_manage_team(self, actor: Actor, target: Download) -> bool:
        return self._may(actor, target, MANAGE_TEAM)

    def can_manage_access_keys(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor may manage the access keys. A key gives access like a share, so the rule is one."""
        return self.can_manage_team(actor, target)

    def can_erase(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor may erase the download or anything in it: its owner, or staff with a permission."""
        return self.is_owner(actor, target) or actor.has_permission(HARD_DELETE)

    def is_moderator(self, actor: Actor) -> bool:
        return actor.has_permission(MODERATE)

    def is_owner(self, actor: Actor, target: Download) -> bool:
        return actor.user_id is not None and actor.user_id == target.owner_id

    def is_unbound(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor uses an API key that is bound to other downloads."""
        return actor.bound_download_ids is not None and target.pk not in actor.bound_download_ids

    def is_on_team(self, actor: Actor, target: Download) -> bool:
        return bool(access_to(actor, target.pk).flags)

    def is_insider(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor works on the download: its owner, its team and moderators."""
        return self.is_moderator(actor) or self.is_owner(actor, target) or self.is_on_team(actor, target)

    def reads_inside(self, actor: Actor, target: Download, *flags: str) -> bool:
        """Return whether the actor sees drafts and what else is not public, or with `flags` what is deleted.

        These are the people who work on the download, and staff who may read everything without changing it.
        """
        if reads_everything(actor):
            return True
        return self.has_flag(actor, target, *flags) if flags else self.is_insider(actor, target)

    def has_flag(self, actor: Actor, target: Download, *flags: str) -> bool:
        """Return whether the actor is owner, moderator, or a team member with one of the flags, in any state."""
        if self.is_moderator(actor) or self.is_owner(actor, target):
            return True
        return not access_to(actor, target.pk).flags.isdisjoint(flags)

    def grantable_flags(self, actor: Actor, target: Download) -> frozenset[str]:
        """Return the team flags that the actor may give to others: the actor's own."""
        if self.is_moderator(actor) or self.is_owner(actor, target):
            return frozenset(TeamMember.FLAGS)
        return access_to(actor, target.pk).flags

    def is_open_to(self, actor: Actor, target: Download) -> bool:
        """Return whether the actor sees the download without a role: by its visibility, a share, or an access key."""
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
        """Return whether the actor has one of the flags and the download is not deleted. Superusers always may."""
        if actor.is_superuser:
            return True
        return not target.is_deleted and self.has_flag(actor, target, *flags)


class SharePolicy(Policy[Share]):
    """The rules for shares of a download."""

    def standing(self, actor: Actor, target: Share) -> frozenset[str]:
        return download_policy.standing(actor, target.download)

    def can_view(self, actor: Actor, target: Share) -> bool:
        """Return whether the actor sees the download, and manages its team, created the share, or received it."""
        if not download_policy.can_view(actor, target.download):
            return False
        is_party = actor.user_id is not None and actor.user_id in {target.created_by_id, target.user_id}
        return is_party or download_policy.can_manage_team(actor, target.download)

    def can_remove(self, actor: Actor, target: Share) -> bool:
        """Return whether the actor created the share, owns the download, or is a moderator.

        If the creator of the share is unknown, every user who manages the team may remove it.
        """
        if download_policy.is_moderator(actor) or download_policy.is_owner(actor, target.download):
            return True
        if target.created_by_id is None:
            return download_policy.can_manage_team(actor, target.download)
        return actor.user_id == target.created_by_id


category_policy = CategoryPolicy()
prefix_policy = PrefixPolicy()
download_policy = DownloadPolicy()


class AccessKeyPolicy(Policy[AccessKey]):
    """The rules for access keys: the users who manage the team of a download manage its access keys."""

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
    """Return the access keys for which `AccessKeyPolicy.can_view` is true, with their standing."""
    return AccessKey.objects.with_standing().filter(download__in=Download.all_objects.team_managed_by(actor))
