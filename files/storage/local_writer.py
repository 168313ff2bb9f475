"""Write a file to the local disk so that readers see it completely or not at all."""

import errno
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.apps import apps
from django.conf import settings

from files.storage.base import BLOBS, STAGING
from releasehub.core.errors import StorageFull, StorageUnavailable

log = logging.getLogger(__name__)
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_roots: dict[Path, int] = {}


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translate operating system errors into storage errors.

    Raises:
        StorageFull: The volume, the quota or the file size limit is exhausted.
        StorageUnavailable: Any other operating system error occurred.
    """
    try:
        yield
    except OSError as error:
        raise (StorageFull() if error.errno in NO_ROOM else StorageUnavailable()) from error


def ensure_free(path: Path, size_bytes: int = 0) -> None:
    """Keep RELEASEHUB_MIN_FREE_BYTES of the volume free, for the database, the logs and other data on that volume."""
    floor = settings.MIN_FREE_BYTES
    if floor and shutil.disk_usage(path).free - size_bytes < floor:
        raise StorageFull


def ensure_root(root: Path) -> None:
    """Create the folder of a storage, unless this process has used it before.

    What is written after its volume was unmounted would be hidden once the volume is back.

    Raises:
        OSError: The folder was moved or removed, another volume is there, or the volume is not mounted yet.
    """
    if root not in _roots:
        _ensure_mounted(root)
        root.mkdir(parents=True, exist_ok=True)
    # The number of the device is not compared, because it may change when a volume is mounted again.
    number = os.stat(root).st_ino
    if _roots.setdefault(root, number) != number:
        log.error("The folder %s was moved, or its volume was unmounted. Put it back, or restart the hub.", root)
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))


def _ensure_mounted(root: Path) -> None:
    """Check that the folder of the hub is not an empty mount point. `restore` creates the folder of a hub that lost it.

    Raises:
        OSError: The database has stored files, but the folder has never had any.
    """
    is_used = settings.STORAGE_KIND == "local" and root == Path(settings.FILES_DIR)
    if (
        is_used
        and not (root / BLOBS).exists()
        and apps.get_model("files", "Blob").objects.filter(state="stored").exists()
    ):
        log.error(
            "The folder %s has no stored files, unlike the database. Mount its volume, or restore a backup.", root
        )
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))


class LocalWriter:
    """A writer that writes to a staging file and then renames it.

    Readers never see an incomplete file, and the bytes are on disk before the database row that refers to them is
    committed.
    """

    def __init__(self, root: Path, key: str, *, staged: str = "") -> None:
        self.key = key
        self.final = root / key
        self.staged = root / STAGING / (staged or Path(key).name)
        with disk_errors():
            ensure_root(root)
            self.staged.parent.mkdir(parents=True, exist_ok=True)
            ensure_free(self.staged.parent)
            self.handle = self.staged.open("wb", buffering=0)

    def write(self, chunk: bytes) -> None:
        with disk_errors():
            ensure_free(self.staged.parent, len(chunk))
            view = memoryview(chunk)
            # An unbuffered write may accept only some of the bytes, for example when a disk is almost full.
            while view:
                view = view[self.handle.write(view) :]

    def finish(self) -> None:
        with disk_errors():
            os.fsync(self.handle.fileno())
            self.handle.close()
            self.final.parent.mkdir(parents=True, exist_ok=True)
            self.staged.rename(self.final)
            sync_folder(self.final.parent)

    def abort(self) -> None:
        self.handle.close()
        with suppress(OSError):
            self.staged.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush the folder to disk, because a rename survives a power failure only after its folder was flushed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
