"""Receive a picture: check the right to send it, decode it, and store its sizes. Call this outside a transaction."""

from contextlib import closing
from dataclasses import dataclass

from downloads.models import Download
from downloads.policies import download_policy
from files.blobs import keep_upload, release_claim
from files.models import Blob, Picture
from files.pictures.decoding import DecodedPicture, EncodedSize, decode
from files.pictures.formats import FORMATS, MAX_UPLOAD_BYTES, PictureFormat
from files.quotas import room_left
from files.storage import blob_storage
from files.storage.streaming import Receiver, StagedUpload
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode


@dataclass(frozen=True)
class StoredSize:
    """One size of a picture whose bytes are stored. The claim on `blob` expires after a while."""

    blob: Blob
    width: int
    height: int


@dataclass(frozen=True)
class StoredPicture:
    """A picture that `add_picture` can turn into a row. `sha256` is the digest of the upload."""

    kind: Picture.Kind
    width: int
    height: int
    sha256: str
    sizes: list[StoredSize]

    @property
    def size_bytes(self) -> int:
        return sum(size.blob.size_bytes for size in self.sizes)


def authorize_picture(*, actor: Actor, download: Download) -> int:
    """Check the right to send a picture before its first byte arrives, and return its maximum size in bytes.

    Raises:
        Rejected: The storage quota of the download or its owner is used up.
    """
    download_policy.ensure("edit", actor, download)
    room_left(download)
    return MAX_UPLOAD_BYTES


def check_count(download: Download, kind: str) -> None:
    """Check that the download may have one more picture of this kind. A new icon or cover replaces the last one."""
    limit = FORMATS[kind].max_count
    if limit > 1 and Picture.objects.filter(download=download, kind=kind).count() >= limit:
        message = f"This download has {limit} pictures of this kind already, which is the maximum. Delete one of them."
        raise Conflict(ErrorCode.PICTURE_COUNT_LIMIT, message, field="kind", limit=limit)


def store_picture(*, actor: Actor, download: Download, kind: str, upload: StagedUpload) -> StoredPicture:
    """Decode the upload and store its sizes. If no row takes them over, the caller has to release them.

    Raises:
        DomainError: As `authorize_picture` and `check_count`.
        Rejected: The upload is not a picture that the hub accepts.
        TooMany: Many pictures arrive at the same time.
        StorageFull: The storage has no space.
        StorageUnavailable: The storage does not respond.
    """
    authorize_picture(actor=actor, download=download)
    check_count(download, kind)
    decoded = decode_upload(upload, FORMATS[kind])
    sizes: list[StoredSize] = []
    picture = StoredPicture(Picture.Kind(kind), decoded.width, decoded.height, upload.digests.sha256, sizes)
    try:
        sizes.extend(StoredSize(keep_size(size), size.width, size.height) for size in decoded.sizes)
    except BaseException:
        release_picture(picture)
        raise
    return picture


def release_picture(picture: StoredPicture) -> None:
    """Erase the sizes of a picture that was not added, unless something else refers to the same bytes."""
    for size in picture.sizes:
        release_claim(size.blob)


def decode_upload(upload: StagedUpload, target: PictureFormat) -> DecodedPicture:
    with closing(blob_storage().open(upload.key)) as handle:
        return decode(handle.read(MAX_UPLOAD_BYTES), target)


def keep_size(size: EncodedSize) -> Blob:
    """Store one size, and return its claimed blob."""
    receiver = Receiver(f"{size.width}.webp")
    receiver.write(size.content)
    return keep_upload(receiver.finish())
