"""Move stored files between the disk and S3, in either direction.

Files are copied while the hub is used. Then the hub becomes read-only while the last few are copied. The mode ends
for each process that is started with the new storage, so a rolling restart needs no further step.
"""

import shutil
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Q, QuerySet
from django.utils import timezone

from files.models import Blob
from files.storage import BlobStorage, LocalStorage, blob_storage, written
from files.storage.digests import digest_of
from files.storage.s3 import S3Storage
from files.uploads.ending import expire_all_uploads
from releasehub.operations import read_only
from releasehub.operations.backups.copying import REPORTED_FILES
from releasehub.operations.errors import OperationError
from releasehub.operations.exclusive import exclusive
from releasehub.operations.tables.export import Progress
from releasehub.settings.storage import S3_OPTIONS, local_storage, s3_storage

CHUNK_BYTES = 1024 * 1024
KINDS = ("local", "s3")


@dataclass
class FilesMove:
    """The result of a move.

    Attributes:
        copied: Files that this run copied; the others were there already.
        faults: Files that the old storage has lost or damaged, with what is wrong.
        is_switched: The hub has to be restarted with the new storage now.
    """

    compared: int = 0
    copied: int = 0
    size_bytes: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    is_switched: bool = False


def move_files(to: str, *, progress: Progress = lambda text: None) -> FilesMove:
    """Copy all stored files to the other storage, and compare every one there with its digest.

    Run it again after the restart. It then copies the files that processes with the old storage stored last.

    Raises:
        OperationError: The other storage cannot be used.
        DomainError: A storage failed.
    """
    source, target = _storage(next(kind for kind in KINDS if kind != to)), _storage(to)
    if not target.is_reachable():
        raise OperationError("The target storage cannot be reached. Check its settings with `manage.py doctor`.")
    result = FilesMove(is_switched=to != settings.STORAGE_KIND)
    with exclusive(f"move of the files to {to}"):
        started_at = timezone.now()
        last_id = _copy_all(Blob.objects.all(), source, target, result, progress)
        if result.is_switched:
            read_only.switch_on(f"its files are moving to {to}", ends_with_storage=to)
            _copy_all(_new_since(last_id, started_at), source, target, result, progress)
            expire_all_uploads()
        else:
            read_only.switch_off()
    return result


def _new_since(last_id: int, moment: datetime) -> QuerySet[Blob]:
    """Return the files that were stored or healed since then."""
    return Blob.objects.filter(Q(pk__gt=last_id) | Q(updated_at__gte=moment))


def _storage(kind: str) -> BlobStorage:
    """Return the storage of this kind, which may be the one that the hub does not use."""
    if kind == settings.STORAGE_KIND:
        return blob_storage()
    if kind == "local":
        return LocalStorage(storages.create_storage(local_storage()))
    if not S3_OPTIONS["bucket_name"]:
        raise OperationError("AWS_STORAGE_BUCKET_NAME is not set. Set it and the other AWS_* variables of the target.")
    return S3Storage(storages.create_storage(s3_storage()))


def _copy_all(
    blobs: QuerySet[Blob], source: BlobStorage, target: BlobStorage, result: FilesMove, progress: Progress
) -> int:
    """Copy and compare the files, and return the ID of the last one."""
    last_id = 0
    for blob in blobs.filter(state=Blob.State.STORED).order_by("id").iterator():
        last_id = blob.pk
        if problem := _copy(blob, source, target, result):
            result.faults[blob.storage_key] = problem
        else:
            result.compared += 1
            result.size_bytes += blob.size_bytes
        if result.compared % REPORTED_FILES == 0:
            progress(f"{result.compared} files compared, {result.copied} copied")
    return last_id


def _copy(blob: Blob, source: BlobStorage, target: BlobStorage, result: FilesMove) -> str:
    """Copy a file unless the target has it, and return what is wrong with it, or an empty string."""
    if target.size(blob.storage_key) != blob.size_bytes:
        if source.size(blob.storage_key) is None:
            return "is missing" if Blob.objects.filter(pk=blob.pk).exists() else ""
        with written(target.new_writer(blob.storage_key)) as writer, closing(source.open(blob.storage_key)) as handle:
            shutil.copyfileobj(handle, writer, CHUNK_BYTES)
        result.copied += 1
    if digest_of(target.open(blob.storage_key)) == blob.sha256:
        return ""
    target.delete(blob.storage_key)  # so that a file that was healed meanwhile is copied again
    return "has content with a different SHA-256"
