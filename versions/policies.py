"""Permission policies of versions and labels. A version is never more visible than its download."""

from collections.abc import Iterable

from downloads.models import Download
from downloads.policies import download_policy
from downloads.querysets import MANAGE_VERSIONS, PUBLISHER_FLAGS, sees_everything
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy
from versions.facts import VersionFacts
from versions.models import Label, Version


class VersionPolicy(Policy[Version]):
    """The rules for versions. They build on the rules of the download that the version belongs to."""

    def can_view(self, actor: Actor, target: VersionFacts) -> bool:
        download = target.download
        if not download_policy.can_view(actor, download):
            return False
        if target.is_deleted:
            return download_policy.reads_inside(actor, download, MANAGE_VERSIONS)
        if target.is_open:
            return True
        return download_policy.reads_inside(actor, download)

    def standing(self, actor: Actor, target: Version) -> frozenset[str]:
        return download_policy.standing(actor, target.download)

    def can_edit(self, actor: Actor, target: Version) -> bool:
        return self._may(actor, target, *PUBLISHER_FLAGS)

    def can_publish(self, actor: Actor, target: Version) -> bool:
        """Return whether the actor may publish the version. Only moderators publish one that waits for approval."""
        if target.state == Version.State.PENDING and not download_policy.is_moderator(actor):
            return False
        return self._may(actor, target, *PUBLISHER_FLAGS)

    def can_mark_security(self, actor: Actor, target: Version) -> bool:
        """Return whether the actor may say that the version is a security release, which passes cooldowns.

        The right to upload is not enough, because it is what the keys of build machines have.
        """
        return self._may(actor, target, MANAGE_VERSIONS)

    def can_activate(self, actor: Actor, target: Version) -> bool:
        return self._may(actor, target, *PUBLISHER_FLAGS)

    def can_upload(self, actor: Actor, target: Version) -> bool:
        return self._may(actor, target, *PUBLISHER_FLAGS, "can_manage_files")

    def can_manage_files(self, actor: Actor, target: Version) -> bool:
        return self._may(actor, target, "can_manage_files")

    def can_delete(self, actor: Actor, target: Version, *, hard: bool = False) -> bool:
        return download_policy.can_erase(actor, target.download) if hard else self._may(actor, target, MANAGE_VERSIONS)

    def can_restore(self, actor: Actor, target: Version) -> bool:
        return download_policy.has_flag(actor, target.download, MANAGE_VERSIONS)

    def is_deleted(self, target: Version) -> bool:
        return target.is_deleted or target.download.is_deleted

    def _may(self, actor: Actor, target: Version, *flags: str) -> bool:
        if actor.is_superuser:
            return True
        return not self.is_deleted(target) and download_policy.has_flag(actor, target.download, *flags)


version_policy = VersionPolicy()


class LabelPolicy(Policy[Label]):
    """The rules for named channels and platforms.

    An actor who sees one of the downloads of a label sees the label. Every signed-in user sees the general labels.
    """

    def can_view(self, actor: Actor, target: Label) -> bool:
        if sees_everything(actor):
            return True
        if target.is_general and (actor.user is not None or actor.is_superuser):
            return True
        return any(download_policy.can_view(actor, download) for download in target.downloads.all())

    def can_attach(self, actor: Actor, downloads: Iterable[Download]) -> bool:
        """Return whether the actor may attach a label to all of these downloads.

        An empty list stands for a general label, which applies to every download; only moderators may make one.
        """
        if actor.bound_download_ids is None and download_policy.is_moderator(actor):
            return True
        download_list = list(downloads)
        return bool(download_list) and all(self._manages(actor, download) for download in download_list)

    def can_edit(self, actor: Actor, target: Label) -> bool:
        return self.can_attach(actor, [] if target.is_general else target.downloads.all())

    def can_delete(self, actor: Actor, target: Label) -> bool:
        return self.can_edit(actor, target)

    def _manages(self, actor: Actor, download: Download) -> bool:
        return download_policy.can_view(actor, download) and download_policy.can_manage_versions(actor, download)


label_policy = LabelPolicy()
