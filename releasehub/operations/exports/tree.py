"""The folder that an export writes: each file completely or not at all, and only if it differs."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from files.models import Blob
from files.storage import blob_storage, copied_digest, written
from files.storage.digests import digest_of
from releasehub.core.json import read_json
from releasehub.operations.errors import OperationError
from releasehub.operations.exports.layout import DOWNLOADS, EXPORT_FORMAT, EXPORT_JSON, FORMAT_VERSION
from releasehub.operations.exports.metadata import Metadata
from releasehub.operations.vault.places import FolderPlace, TargetPlace, open_place

CHUNK_BYTES = 1024 * 1024
STAGING = "staging"


class BlobUnusable(Exception):
    """The hub has lost the stored bytes of a file, or they are damaged."""


class ExportTree:
    """A folder with an export. Paths are relative to it, with slashes."""

    def __init__(self, folder: Path, place: TargetPlace) -> None:
        self.folder = folder
        self._place = place

    def write(self, path: str, content: bytes) -> bool:
        """Write a small file unless it has this content, and return whether it was written."""
        if self._has(path, len(content), hashlib.sha256(content).hexdigest()):
            return False
        with written(self._place.new_writer(path)) as writer:
            writer.write(content)
        return True

    def write_json(self, path: str, value: Metadata) -> bool:
        return self.write(path, json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n")

    def copy_blob(self, path: str, blob: Blob) -> bool:
        """Copy stored bytes in chunks unless the file has them, and return whether they were copied.

        Raises:
            BlobUnusable: The stored bytes are missing or damaged. Nothing is written.
            StorageUnavailable: The storage of the hub or the folder does not respond.
        """
        if self._has(path, blob.size_bytes, blob.sha256):
            return False
        if blob_storage().size(blob.storage_key) is None:
            raise BlobUnusable("its bytes are missing in the storage of the hub")
        with (
            closing(blob_storage().open(blob.storage_key)) as source,
            written(self._place.new_writer(path)) as writer,
        ):
            if copied_digest(iter(partial(source.read, CHUNK_BYTES), b""), writer.write) != blob.sha256:
                raise BlobUnusable("its bytes in the storage of the hub are damaged")
        return True

    def read_json(self, path: str) -> Metadata | None:
        """Return a metadata file that an export has written, or None if there is none."""
        if self._place.size(path) is None:
            return None
        try:
            with closing(self._place.open(path)) as handle:
                value = read_json(handle.read())
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise OperationError(f"{self.folder / path} is damaged. Delete it, and run the export again.")
        return value

    def names(self, path: str) -> Iterator[str]:
        """Yield the paths of the files in a folder and below."""
        for item in self._place.objects(path):
            yield item.key

    def delete(self, path: str) -> None:
        """Delete a file, and the folders that are empty without it."""
        self._place.delete(path)
        with suppress(OSError):
            os.removedirs((self.folder / path).parent)

    def _has(self, path: str, size_bytes: int, sha256: str) -> bool:
        return self._place.size(path) == size_bytes and digest_of(self._place.open(path)) == sha256


@contextmanager
def open_tree(target: str, *, is_private: bool) -> Iterator[ExportTree]:
    """Open a folder for one export at a time, and remove what a killed export left of the files that it was writing.

    Raises:
        OperationError: The folder cannot be used, contains something else, or another export writes to it.
    """
    place = open_place(target)
    if not isinstance(place, FolderPlace):
        raise OperationError(f"{target} is not a folder of this machine. Export into a folder, then copy it.")
    tree = ExportTree(place.root, place)
    tree.folder.mkdir(parents=True, exist_ok=True)
    with _lock(tree.folder):
        _check_content(tree, is_private=is_private)
        place.abort_unfinished()
        try:
            yield tree
        finally:
            with suppress(OSError):
                (tree.folder / STAGING).rmdir()


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise OperationError(f"Another export writes to {folder}. Wait until it has ended, then try again.") from None
    finally:
        os.close(descriptor)


def _check_content(tree: ExportTree, *, is_private: bool) -> None:
    """Refuse a folder with other content, because stale files are deleted, and public and private files in one tree."""
    known = tree.read_json(EXPORT_JSON)
    if known is None:
        if any(tree.folder.iterdir()):
            raise OperationError(f"{tree.folder} contains other files. Choose an empty folder, or that of an export.")
        return
    if known.get("format") != EXPORT_FORMAT or known.get("format_version") != FORMAT_VERSION:
        raise OperationError(f"{tree.folder} has an export in another format. Choose an empty folder.")
    if bool(known.get("contains_private")) != is_private:
        kind, advice = ("public", "without") if is_private else ("private", "with")
        raise OperationError(
            f"{tree.folder} has an export of {kind} versions. Choose another folder, or export {advice} --private."
        )
    if (tree.folder / DOWNLOADS).is_symlink():
        raise OperationError(f"{tree.folder / DOWNLOADS} is a symbolic link. Replace it with a folder.")
