"""Feature downloads on the front page."""

from django.db import transaction
from django.db.models import Max

from downloads.models import Download
from downloads.policies import download_policy
from downloads.services.locking import lock_download
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Invalid
from releasehub.core.numbers import MAX_INTEGER

FIELD = "featured_order"


@transaction.atomic
def feature_download(*, actor: Actor, download: Download, place: int | None = None) -> Download:
    """Show the download among the featured ones on the front page, the one with the lowest place first.

    Args:
        place: A number from 1 on. Without one, the download becomes the last.

    Raises:
        Conflict: The download is deleted.
        Invalid: The place is too large, or 0.
    """
    if place is not None and not 1 <= place <= MAX_INTEGER:
        raise Invalid(f"The place must be a number from 1 to {MAX_INTEGER}.", field=FIELD)
    return _change(actor, download, place or _place_behind_others(download))


@transaction.atomic
def unfeature_download(*, actor: Actor, download: Download) -> Download:
    """Stop featuring the download on the front page."""
    return _change(actor, download, None)


def _place_behind_others(download: Download) -> int:
    others = Download.all_objects.exclude(pk=download.pk)
    return (others.aggregate(last=Max(FIELD))["last"] or 0) + 1


def _change(actor: Actor, download: Download, place: int | None) -> Download:
    download = download_policy.ensure_locked("feature", actor, download, lambda row: lock_download(row.pk))
    if changes := audit.changed_fields(download, {FIELD: place}):
        assign(download, {FIELD: place})
        download.save(update_fields=[FIELD, "updated_at"])
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_FEATURE, target=download, changes=changes)
    return download
