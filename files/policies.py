"""Permissions of files and pictures. A file is never more visible than its version, a picture than its download."""

from downloads.policies import download_policy
from files.models import Avatar, Blob, File, Picture
from files.querysets import MANAGE_FILES
from releasehub.accounts.user_policies import user_policy
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy
from versions.policies import version_policy

HEAL = "files.change_blob"
VIEW_BLOBS = "files.view_blob"


class FilePolicy(Policy[File]):
    def can_view(self, actor: Actor, target: File) -> bool:
        if not version_policy.can_view(actor, target.version):
            return False
        download = target.version.download
        if target.is_deleted:
            return download_policy.reads_inside(actor, download, MANAGE_FILES)
        return target.validation_status == File.Validation.PASSED or download_policy.reads_inside(actor, download)

    def standing(self, actor: Actor, target: File) -> frozenset[str]:
        return version_policy.standing(actor, target.version)

    def can_download(self, actor: Actor, target: File) -> bool:
        return self.can_view(actor, target) and not self.is_withheld(actor, target)

    def is_withheld(self, actor: Actor, target: File) -> bool:
        """Return whether a visible file is withheld from the actor.

        A failed or quarantined file is withheld from everyone, a secured one without a sign-in or a key.
        """
        if target.validation_status == File.Validation.FAILED or target.quarantine_id is not None:
            return True
        if not target.is_secured or actor.user is not None or actor.is_superuser:
            return False
        return not actor.granted_download_ids or target.version.download_id not in actor.granted_download_ids

    def external_url(self, actor: Actor, target: File) -> str | None:
        """Return the external URL of a visible file, or None if the actor may not download the file.

        A client that knows the URL of a link can fetch its bytes, so the URL is protected in the same way.
        """
        return None if self.is_withheld(actor, target) else target.external_url or None

    def warnings(self, actor: Actor, target: File) -> list[dict[str, str]]:
        """Return the warnings about a visible file, or an empty list unless the actor is on the team or staff."""
        warnings = target.warnings
        return warnings if warnings and download_policy.reads_inside(actor, target.version.download) else []

    def shows_acceptance(self, actor: Actor, target: File) -> bool:
        """Return whether the actor learns who let the visible file through, and why."""
        return target.accepted_at is not None and download_policy.reads_inside(actor, target.version.download)

    def can_edit(self, actor: Actor, target: File) -> bool:
        return self._may(actor, target)

    def can_delete(self, actor: Actor, target: File, *, hard: bool = False) -> bool:
        return download_policy.can_erase(actor, target.version.download) if hard else self._may(actor, target)

    def can_accept(self, actor: Actor, target: File) -> bool:
        """Return whether the actor may let the file through although its content was rejected."""
        return download_policy.is_moderator(actor) and not self.is_deleted(target)

    def can_quarantine(self, actor: Actor, target: File) -> bool:
        """Return whether the actor may block the bytes of the file, and lift the block. A deleted file can return."""
        return download_policy.is_moderator(actor)

    def can_restore(self, actor: Actor, target: File) -> bool:
        return download_policy.has_flag(actor, target.version.download, MANAGE_FILES)

    def is_deleted(self, target: File) -> bool:
        return target.is_deleted or version_policy.is_deleted(target.version)

    def _may(self, actor: Actor, target: File) -> bool:
        if actor.is_superuser:
            return True
        return not self.is_deleted(target) and download_policy.has_flag(actor, target.version.download, MANAGE_FILES)


class PicturePolicy(Policy[Picture]):
    """The rules for pictures: everybody who sees the download sees them, and everybody who edits it changes them."""

    def can_view(self, actor: Actor, target: Picture) -> bool:
        return download_policy.can_view(actor, target.download)

    def standing(self, actor: Actor, target: Picture) -> frozenset[str]:
        return download_policy.standing(actor, target.download)

    def can_edit(self, actor: Actor, target: Picture) -> bool:
        return download_policy.can_edit(actor, target.download)

    def can_remove(self, actor: Actor, target: Picture) -> bool:
        return self.can_edit(actor, target)


class AvatarPolicy(Policy[Avatar]):
    """The rules for the pictures of users, where staff see a list of them. Everybody sees a single one on pages."""

    def can_view(self, actor: Actor, target: Avatar) -> bool:
        return user_policy.can_moderate(actor)

    def can_edit(self, actor: Actor, target: Avatar) -> bool:
        return False

    def can_remove(self, actor: Actor, target: Avatar) -> bool:
        return user_policy.can_remove_avatar(actor, target.user)


avatar_policy = AvatarPolicy()
file_policy = FilePolicy()
picture_policy = PicturePolicy()


class BlobPolicy(Policy[Blob]):
    """The rules for stored bytes: moderators and staff with a permission see them, and some repair them."""

    def can_view(self, actor: Actor, target: Blob) -> bool:
        return download_policy.is_moderator(actor) or actor.has_permission(VIEW_BLOBS) or self.may_heal(actor)

    def can_heal(self, actor: Actor, target: Blob) -> bool:
        """Return whether the actor may check stored bytes again, repair them, and delete orphans."""
        return self.may_heal(actor)

    def may_heal(self, actor: Actor) -> bool:
        return actor.has_permission(HEAL)


blob_policy = BlobPolicy()
