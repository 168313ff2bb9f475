"""Conditions and guards of the transition table.

A condition selects a row: it returns whether the row applies. A guard protects a row: it raises if the move is refused.
The docstrings of this module are printed into docs/lifecycle.md, so each of them states the fact that must hold.
"""

from django.utils import timezone

from downloads.limits import check_restore
from downloads.policies import download_policy
from downloads.rules import rules_of
from files.models import DownloadDay, DownloadGrant, File
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.publishing.context import Context

# --- conditions -------------------------------------------------------------------------------------------------------


def needs_approval(context: Context) -> bool:
    """The category asks for approval and the actor is not a moderator."""
    category = context.version.download.category
    return rules_of(category).requires_approval and not download_policy.is_moderator(context.actor)


def is_to_be_sealed(context: Context) -> bool:
    """The caller asks for a seal and the version has none yet."""
    return context.seal and context.version.sealed_at is None


def is_active(context: Context) -> bool:
    """The version is the active one of its download."""
    return context.version.is_active


def is_not_yanked(context: Context) -> bool:
    """The version is not yanked."""
    return not context.version.is_yanked


def has_that_visibility(context: Context) -> bool:
    """The version already has the visibility that the caller asks for."""
    return context.version.visibility == context.visibility


def by_superuser(context: Context) -> bool:
    """The actor is a superuser or uses a super-user key."""
    return context.actor.is_superuser


# --- guards -----------------------------------------------------------------------------------------------------------


def has_a_passed_file(context: Context) -> None:
    """At least one file passed its checks, or is still being checked if the caller accepts that."""
    files = File.objects.filter(version=context.version)
    if files.passed().exists():
        return
    if not files.filter(validation_status=File.Validation.PENDING).exists():
        raise Invalid(
            ErrorCode.VERSION_HAS_NO_FILES,
            f"Version {context.version.number} has no files, so it cannot be published. Add a file first.",
            field="files",
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
            ErrorCode.INVALID,
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
