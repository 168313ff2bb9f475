"""Put the screenshots of a download into an order."""

from collections.abc import Sequence

from django.db import transaction

from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import lock_download
from files.models import Picture
from files.pictures.paths import announce_pictures
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid, NotFound


@transaction.atomic
def reorder_pictures(*, actor: Actor, download: Download, public_ids: Sequence[str]) -> None:
    """Put the screenshots into the given order.

    Raises:
        Invalid: `public_ids` does not name each screenshot of the download exactly once.
    """
    download = download_policy.ensure_locked("edit", actor, download, lambda row: lock_download(row.pk))
    pictures = {row.public_id: row for row in download.stored_pictures.filter(kind=Picture.Kind.SCREENSHOT)}
    if sorted(public_ids) != sorted(pictures):
        raise Invalid(f"Name each of the {len(pictures)} screenshots of the download exactly once.", field="pictures")
    before = list(pictures)
    if before == list(public_ids):
        return
    for place, public_id in enumerate(public_ids, start=1):
        pictures[public_id].display_order = place
    Picture.objects.bulk_update(pictures.values(), ["display_order"])
    changes = {"screenshots": [before, list(public_ids)]}
    audit.record(actor=actor, action=AuditAction.PICTURE_REORDER, target=download, changes=changes)
    announce_pictures(actor, download)


def move_screenshot(*, actor: Actor, picture: Picture, by: int) -> None:
    """Move a screenshot by one place: -1 to the front, 1 to the back. At the end of the list, nothing changes.

    Raises:
        DomainError: As `reorder_pictures`.
        Invalid: The picture is not a screenshot.
        NotFound: Another request has removed the picture.
    """
    if picture.kind != Picture.Kind.SCREENSHOT:
        raise Invalid("Only screenshots have an order.")
    rows = Picture.objects.filter(download=picture.download_id, kind=Picture.Kind.SCREENSHOT)
    public_ids = list(rows.values_list("public_id", flat=True))
    if picture.public_id not in public_ids:
        raise NotFound
    place = public_ids.index(picture.public_id)
    public_ids.insert(max(place + by, 0), public_ids.pop(place))
    reorder_pictures(actor=actor, download=picture.download, public_ids=public_ids)
