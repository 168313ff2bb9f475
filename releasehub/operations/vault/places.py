"""Places for the objects of backups: a local folder, or a folder in an S3 bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import storages

from files.storage import BLOBS, INCOMING, LocalStorage, Writer
from files.storage.base import STAGING, StoredObject
from files.storage.s3 import S3Storage
from releasehub.operations.errors import OperationError
from releasehub.settings.storage import S3_OPTIONS, s3_storage

S3_SCHEME = "s3://"


class TargetPlace(Protocol):
    """The part of a storage that backups use. A writer creates its object completely or not at all."""

    def new_writer(self, key: str) -> Writer: ...
    def open(self, key: str, start: int = 0) -> IO[bytes]: ...
    def size(self, key: str) -> int | None: ...
    def delete(self, key: str) -> None: ...
    def objects(self, prefix: str) -> Iterator[StoredObject]: ...
    def abort_unfinished(self) -> None:
        """Remove what a killed process left of objects that it was writing."""


class FolderPlace(LocalStorage):
    """A folder of this machine. Its name is the target of the backup."""

    def __init__(self, folder: Path) -> None:
        options = {"location": folder, "base_url": None}
        backend = "django.core.files.storage.FileSystemStorage"
        super().__init__(storages.create_storage({"BACKEND": backend, "OPTIONS": options}))

    def abort_unfinished(self) -> None:
        for item in self.objects(STAGING):
            self.delete(item.key)


class BucketPlace:
    """A folder in an S3 bucket, reached with the AWS_* settings of the hub."""

    def __init__(self, bucket: str, prefix: str) -> None:
        config = s3_storage()
        config["OPTIONS"]["bucket_name"] = bucket
        self._storage = S3Storage(storages.create_storage(config))
        self._prefix = f"{prefix}/" if prefix else ""

    def new_writer(self, key: str) -> Writer:
        return self._storage.new_writer(self._prefix + key)

    def open(self, key: str, start: int = 0) -> IO[bytes]:
        return self._storage.open(self._prefix + key, start)

    def size(self, key: str) -> int | None:
        return self._storage.size(self._prefix + key)

    def delete(self, key: str) -> None:
        self._storage.delete(self._prefix + key)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        for item in self._storage.objects(self._prefix + prefix):
            yield StoredObject(item.key.removeprefix(self._prefix), item.size_bytes, item.modified_at)

    def abort_unfinished(self) -> None:
        for folder in ("objects/", "backups/"):
            for item in self._storage.open_multiparts(self._prefix + folder):
                self._storage.abort_multipart(item.key, item.multipart_id)


def open_place(target: str) -> TargetPlace:
    """Return the place that the target names: s3://bucket/folder, or the path of a folder."""
    if target.startswith(S3_SCHEME):
        url = urlsplit(target)
        if not url.netloc:
            raise OperationError(f"{target} names no bucket. Write it like s3://bucket/folder.")
        folder_name = url.path.strip("/")
        if url.netloc == S3_OPTIONS["bucket_name"] and f"{folder_name}/".startswith((BLOBS, INCOMING, STAGING)):
            raise OperationError(f"{target} is among the stored files of the hub. Choose another folder of the bucket.")
        return BucketPlace(url.netloc, folder_name)
    if "://" in target:
        raise OperationError(f"{target} is neither a folder nor an s3:// URL. Use one of them.")
    folder = Path(target).expanduser().absolute()
    for data in (Path(settings.FILES_DIR), Path(settings.DATA_DIR) / "media"):
        if folder == data or data in folder.parents:
            raise OperationError(f"{folder} is inside the stored files of the hub. Choose a folder outside of {data}.")
    return FolderPlace(folder)
