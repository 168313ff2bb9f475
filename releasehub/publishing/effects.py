"""Effects of the transition table: the only functions that change the lifecycle fields of a version.

An effect changes the locked version in memory. `lifecycle.move` saves it, counts it, records it and announces it.
"""

from django.utils import timezone

from releasehub.core.models import MAX_REASON_CHARACTERS
from releasehub.publishing.context import Context
from versions.models import Version


def set_schedule(context: Context) -> None:
    """Remember when the version is to be published, and on whose right."""
    context.version.publish_at = context.publish_at
    context.version.scheduled_by = context.actor.grantor


def clear_schedule(context: Context) -> None:
    """Forget when the version was to be published, and on whose right."""
    context.version.publish_at, context.version.scheduled_by = None, None


def cancel_schedule(context: Context) -> None:
    """Clear the schedule, and record why."""
    context.reason = "The account that scheduled this version may no longer publish it."
    clear_schedule(context)


def date_publication(context: Context) -> None:
    """Set the date of publication. A version that was published before keeps its first date."""
    # Lists sort by `released_at`. A new date would bring an old version back to the top each time it is published.
    clear_schedule(context)
    version = context.version
    version.published_at = version.published_at or timezone.now()
    version.released_at = version.published_at


def mark_security(context: Context) -> None:
    """Mark the version as a security release, which is offered at once to clients with a cooldown."""
    context.version.is_security_release = True


def unmark_security(context: Context) -> None:
    """Remove the mark of a security release, so that cooldowns count for the version."""
    context.version.is_security_release = False


def remember_seal(context: Context) -> None:
    """Remember that the version is to be sealed by the moderator who publishes it."""
    version = context.version
    version.seal_on_publish = version.seal_on_publish or context.seal


def seal_if_requested(context: Context) -> None:
    """Seal the version if the caller, an earlier request for approval, or the download asks for it."""
    # The time of the first seal is preserved: it tells since when the content of the version has been fixed.
    version = context.version
    if context.seal or version.seal_on_publish or version.download.seal_on_publish:
        version.sealed_at = version.sealed_at or timezone.now()
    version.seal_on_publish = False


def unseal(context: Context) -> None:
    """Remove the seal, and forget that a seal was asked for."""
    context.version.sealed_at, context.version.seal_on_publish = None, False


def mark_yanked(context: Context) -> None:
    """Yank the version, or replace the reason if it is yanked already."""
    version = context.version
    version.yanked_at = version.yanked_at or timezone.now()
    version.yank_reason = context.reason[:MAX_REASON_CHARACTERS]


def clear_yank(context: Context) -> None:
    """Remove the yank and its reason."""
    context.version.yanked_at, context.version.yank_reason = None, ""


def make_active(context: Context) -> None:
    """Make this the active version. The previous active version steps down in the same transaction."""
    # A partial unique index allows one active version per download, so the old one has to step down before this one is
    # saved. The lock on the download keeps two requests from doing this at the same time.
    Version.all_objects.filter(download=context.version.download_id, is_active=True).update(is_active=False)
    context.version.is_active = True


def step_down(context: Context) -> None:
    """Make the version inactive. The download has no active version until another one is activated."""
    context.version.is_active = False


def set_visibility(context: Context) -> None:
    """Set the visibility, which decides who sees the version once it is published."""
    context.version.visibility = Version.Visibility(context.visibility)


def mark_deleted(context: Context) -> None:
    """Hide the version. It can be restored until the retention window ends."""
    context.version.set_deleted(by=context.actor.user, reason=context.reason)


def mark_restored(context: Context) -> None:
    """Bring a deleted version back in the state that it had."""
    context.version.set_restored()
