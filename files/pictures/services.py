"""Add, describe and remove the pictures of a download."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import Max

from downloads.holds import ensure_not_held
from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import lock_download
from files.models import Picture, PictureSize
from files.pictures.formats import FORMATS
from files.pictures.paths import announce_pictures, with_sizes
from files.pictures.storing import StoredPicture, authorize_picture, check_count, release_picture, store_picture
from files.policies import picture_policy
from files.quotas import check_room, lock_quota
from files.storage.streaming import StagedUpload
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.querysets import first_or_not_found
from releasehub.core.tasks import hint


def receive_picture(*, actor: Actor, download: Download, kind: str, upload: StagedUpload, **texts: str) -> Picture:
    """Decode and store the upload, then add it as a picture. Call it outside a transaction.

    Raises:
        DomainError: As `store_picture` and `add_picture`.
    """
    stored = store_picture(actor=actor, download=download, kind=kind, upload=upload)
    try:
        return add_picture(actor=actor, download=download, stored=stored, **texts)
    except BaseException:
        release_picture(stored)
        raise


@transaction.atomic
def add_picture(*, actor: Actor, download: Download, stored: StoredPicture, **texts: str) -> Picture:
    """Add a picture whose sizes `store_picture` has stored. An icon or a cover replaces the one before it.

    Raises:
        Conflict: The download has as many pictures of this kind as it may have, or a legal hold forbids to replace one.
        Invalid: A text is too long.
        Rejected: The picture does not fit into a storage quota.
    """
    download_policy.ensure("edit", actor, download)
    download = lock_download(download.pk)
    authorize_picture(actor=actor, download=download)
    check_count(download, stored.kind)
    if FORMATS[stored.kind].max_count == 1:
        _erase(download, Picture.objects.filter(download=download, kind=stored.kind))
    lock_quota(download.owner)
    check_room(download, stored.size_bytes)
    picture = _new_picture(download, stored, texts)
    changes = {"kind": picture.kind, "sha256": picture.sha256, **texts}
    audit.record(actor=actor, action=AuditAction.PICTURE_ADD, target=picture, changes=changes)
    announce_pictures(actor, download)
    return picture


def _new_picture(download: Download, stored: StoredPicture, texts: dict[str, str]) -> Picture:
    others = Picture.objects.filter(download=download, kind=stored.kind)
    highest = others.aggregate(highest=Max("display_order"))["highest"] or 0
    picture = Picture(download=download, kind=stored.kind, display_order=highest + 1, sha256=stored.sha256)
    picture.width, picture.height = stored.width, stored.height
    assign(picture, texts)
    picture.save()
    PictureSize.objects.bulk_create(
        PictureSize(picture=picture, blob=size.blob, width=size.width, height=size.height) for size in stored.sizes
    )
    return picture


@transaction.atomic
def update_picture(*, actor: Actor, picture: Picture, **texts: str) -> Picture:
    """Change only the given texts of a picture: `alt_text` and `caption`.

    Raises:
        Invalid: A text is too long.
    """
    picture = _lock_picture("edit", actor, picture)
    if changes := audit.changed_fields(picture, texts):
        assign(picture, texts)
        picture.save(update_fields=[*texts, "updated_at"])
        audit.record(actor=actor, action=AuditAction.PICTURE_UPDATE, target=picture, changes=changes)
        announce_pictures(actor, picture.download)
    return picture


@transaction.atomic
def remove_picture(*, actor: Actor, picture: Picture) -> None:
    """Remove a picture, and erase its bytes after the commit unless something else refers to them.

    Raises:
        Conflict: The download is under a legal hold.
    """
    picture = _lock_picture("remove", actor, picture)
    changes = {"kind": picture.kind, "sha256": picture.sha256}
    audit.record(actor=actor, action=AuditAction.PICTURE_REMOVE, target=picture, changes=changes)
    _erase(picture.download, [picture])
    announce_pictures(actor, picture.download)


def _lock_picture(action: str, actor: Actor, picture: Picture) -> Picture:
    """Return the picture as it is now, with its download, locked until the transaction ends."""
    picture_policy.ensure(action, actor, picture)
    download = lock_download(picture.download_id)
    picture = first_or_not_found(with_sizes(Picture.objects.filter(pk=picture.pk)))
    picture.download = download
    picture_policy.ensure(action, actor, picture)
    return picture


def _erase(download: Download, pictures: Iterable[Picture]) -> None:
    ids = [picture.pk for picture in pictures]
    if ids:
        ensure_not_held(download.pk)
    blob_ids = PictureSize.objects.filter(picture__in=ids).values_list("blob_id", flat=True)
    # After the commit, because bytes cannot be restored if the transaction is rolled back.
    transaction.on_commit(partial(hint, "files.erase_blobs", sorted(set(blob_ids))))
    Picture.objects.filter(pk__in=ids).delete()
