"""Find and remove objects in storage that no row refers to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from files.blobs import erase_unused
from files.models import Blob, UploadSession
from files.storage import BLOBS, INCOMING, blob_storage
from files.storage.base import STAGING
from files.uploads.ending import end_upload
from releasehub.core.batches import in_batches

# Longer than the lifetime of a signed URL and the duration of an upload through the app. Younger objects may belong to
# a request that has stored the bytes, but has not committed the row that refers to them.
GRACE = timedelta(hours=24)
LOOKED_UP_AT_ONCE = 500
OPEN = (UploadSession.State.CREATED, UploadSession.State.UPLOADED)


@dataclass(frozen=True)
class Garbage:
    """An object to remove.

    Attributes:
        kind: expired upload, incoming, multipart, unfinished, object or blob.
    """

    kind: str
    name: str
    size_bytes: int = 0
    reference: Any = None


def find_garbage(*, older_than: timedelta = GRACE) -> Iterator[Garbage]:
    """Yield everything that no row refers to, in no particular order. Nothing is changed."""
    before = timezone.now() - older_than
    yield from _expired_uploads()
    yield from _incoming(before)
    yield from _multiparts(before)
    yield from _objects(before)
    yield from _unused_blobs()


def collect_garbage(*, older_than: timedelta = GRACE) -> list[Garbage]:
    """Remove the objects that `find_garbage` yields, and return those that were removed."""
    return [item for item in find_garbage(older_than=older_than) if remove(item)]


def remove(item: Garbage) -> bool:
    """Remove the object. Return False if a row refers to it in the meantime."""
    # Minutes may have passed since `find_garbage` listed the object, so every branch checks again that it is unused.
    storage = blob_storage()
    match item.kind:
        case "expired upload":
            upload: UploadSession = item.reference
            if not end_upload(upload, UploadSession.State.EXPIRED):
                return False
            storage.drop_incoming(upload.incoming)
        case "blob":
            return bool(erase_unused([item.reference]))
        case "multipart":
            if _sessions_of(item.name):
                return False
            # The next attempt may have stored a file under the same key, so no object is deleted here.
            storage.abort_multipart(item.name, item.reference)
        case "incoming":
            if _sessions_of(item.name):
                return False
            storage.delete(item.name)
        case _:
            if referenced_keys([item.name]):
                return False
            storage.delete(item.name)
    return True


def _expired_uploads() -> Iterator[Garbage]:
    before = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    for upload in UploadSession.objects.filter(state=UploadSession.State.CREATED, last_active_at__lt=before):
        yield Garbage("expired upload", upload.public_id, upload.size_bytes, upload)


def _incoming(before: datetime) -> Iterator[Garbage]:
    for item in blob_storage().objects(INCOMING):
        if item.modified_at < before and not _sessions_of(item.key):
            yield Garbage("incoming", item.key, item.size_bytes)


def _multiparts(before: datetime) -> Iterator[Garbage]:
    """Yield the multipart uploads of the hub. Other programs may use the same bucket."""
    for prefix in (BLOBS, INCOMING):
        for item in blob_storage().open_multiparts(prefix):
            if item.started_at < before and not _sessions_of(item.key):
                yield Garbage("multipart", item.key, reference=item.multipart_id)


def _objects(before: datetime) -> Iterator[Garbage]:
    """Yield objects without a row, and files that a killed process left incomplete."""
    for prefix, kind in ((BLOBS, "object"), (STAGING, "unfinished")):
        old = (item for item in blob_storage().objects(prefix) if item.modified_at < before)
        for group in in_batches(old, LOOKED_UP_AT_ONCE):
            referred = referenced_keys([item.key for item in group])
            for item in group:
                if item.key not in referred:
                    yield Garbage(kind, item.key, item.size_bytes)


def _unused_blobs() -> Iterator[Garbage]:
    for blob in Blob.objects.unused():
        yield Garbage("blob", blob.storage_key, blob.size_bytes, blob.pk)


def _sessions_of(key: str) -> bool:
    """Return whether an open upload owns the key. A part on disk lies below the key of its upload."""
    owners = Q(storage_key=key) | Q(storage_key=key.rpartition("/")[0])
    return UploadSession.objects.filter(owners, state__in=OPEN).exists()


def referenced_keys(keys: Iterable[str]) -> set[str]:
    key_list = list(keys)
    blobs = Blob.objects.filter(storage_key__in=key_list).values_list("storage_key", flat=True)
    uploads = UploadSession.objects.filter(final_key__in=key_list, state__in=OPEN).values_list("final_key", flat=True)
    return {*blobs, *uploads}
