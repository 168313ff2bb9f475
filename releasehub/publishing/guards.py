"""Guards of the transition table. A guard protects a row: it raises an error if the move is refused.

The docstrings of this module are printed into docs/lifecycle.md, so each of them states the fact that must hold.
"""

from django.utils import timezone

from files.held_limits import check_restore
from files.models import DownloadDay, DownloadGrant, File
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.publishing.context import Context


def has_a_passed_file(context: Context) -> None:
    """At least one file passed its checks, or is still being checked if the caller accepts that.

    A caller can also accept a version that has no files at all.
    """
    files = File.objects.filter(version=context.version)
    if files.passed().exists() or (context.accept_no_files and not files.exists()):
        return
    if not files.filter(validation_status=File.Validation.PENDING).exists():
        raise Invalid(
            f"Version {context.version.number} has no files, so it cannot be published. Add a file first.",
            field="files",
            code=ErrorCode.VERSION_HAS_NO_FILES,
        )
    if not context.accept_pending_files:
        raise Conflict(
            ErrorCode.VERSION_FILES_PENDING,
            f"The files of version {context.version.number} are still being validated. Try again in a few seconds.",
        )


def in_the_future(context: Context) -> None:
    """The caller gives a `publish_at` that lies in the future."""
    if context.publish_at is None or context.publish_at <= timezone.now():
        raise Invalid(
            "A scheduled version needs a publish_at in the future, but it is "
            f"{context.publish_at or 'not set'}. Set publish_at to a later time.",
            field="publish_at",
        )


def is_due(context: Context) -> None:
    """The time that the version is scheduled for has come."""
    publish_at = context.version.publish_at
    if publish_at is None or publish_at > timezone.now():
        raise Conflict(
            ErrorCode.VERSION_STATE,
            f"Version {context.version.number} is scheduled for {publish_at}. To release it now, publish it.",
        )


def not_sealed_and_fetched(context: Context) -> None:
    """The version is not sealed, or no file of it was ever downloaded. Downloads that are not counted matter, too."""
    version = context.version
    if not version.sealed_at:
        return
    # The total on the version lags behind, because a worker adds new events to it, and it leaves out bots and repeated
    # downloads. The events and the daily rows show those, too.
    fetched = DownloadGrant.objects.filter(file__version=version), DownloadDay.objects.filter(file__version=version)
    if version.download_count or any(rows.exists() for rows in fetched):
        raise Conflict(
            ErrorCode.VERSION_IS_SEALED,
            f"Version {version.number} is sealed and was already downloaded, so it cannot be unpublished. "
            "Yank it instead.",
        )


def within_quotas(context: Context) -> None:
    """Neither the download nor its owner exceeds the storage quota."""
    check_restore(context.version.download)


def not_yanked(context: Context) -> None:
    """The version is not yanked."""
    if context.version.is_yanked:
        raise Conflict(
            ErrorCode.VERSION_STATE,
            f"Version {context.version.number} was yanked, so it cannot be made active. Unyank it first.",
        )
