"""Storage on a local disk.

`blobs/` holds the finished objects, `staging/` the files that are still being written, and `incoming/` the parts that
clients sent. All three are on the same volume, so a finished file is moved into place with an atomic rename.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.storage import storages

from files.storage.base import (
    INCOMING,
    Incoming,
    OpenMultipart,
    SignedPut,
    StoredObject,
    Writer,
    new_key,
    parts_missing,
)
from files.storage.signing import SignedPart, sign_path
from releasehub.core.errors import ErrorCode, Invalid, StorageFull, StorageUnavailable

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
CHUNK_BYTES = 1024 * 1024


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
    """Keep RELEASEHUB_MIN_FREE_BYTES of the volume free, for the database, the logs and other data on that volume.

    Raises:
        StorageFull: Writing `size_bytes` more would leave less than that amount free.
    """
    floor = settings.MIN_FREE_BYTES
    if floor and shutil.disk_usage(path).free - size_bytes < floor:
        raise StorageFull


class LocalStorage:
    """Storage in a folder: the location of Django's `releases` storage."""

    @property
    def root(self) -> Path:
        return Path(storages["releases"].path(""))

    def new_writer(self) -> Writer:
        with disk_errors():
            return LocalWriter(self.root, new_key())

    def open(self, key: str, start: int = 0) -> IO[bytes]:
        with disk_errors():
            handle = (self.root / key).open("rb")
            handle.seek(start)
            return handle

    def size(self, key: str) -> int | None:
        with disk_errors():
            try:
                return (self.root / key).stat().st_size
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> None:
        with disk_errors():
            (self.root / key).unlink(missing_ok=True)

    def signed_url(self, key: str, *, filename: str, content_type: str, seconds: int) -> str | None:
        return None

    def is_reachable(self) -> bool:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        return os.access(self.root, os.W_OK | os.X_OK)

    def begin_incoming(self, *, size_bytes: int, part_bytes: int, is_open_ended: bool = False) -> Incoming:
        with disk_errors():
            self.root.mkdir(parents=True, exist_ok=True)
            ensure_free(self.root, 0 if is_open_ended else size_bytes)
        return Incoming(new_key(INCOMING), "", size_bytes, part_bytes, is_open_ended)

    def sign_part(self, incoming: Incoming, number: int, *, seconds: int, sha256: str, md5: str) -> SignedPut:
        size = incoming.part_size(number)
        part = SignedPart(incoming.key, number, size, sha256, md5, incoming.is_open_ended)
        return SignedPut(sign_path(part, seconds), {} if incoming.is_open_ended else {"Content-Length": str(size)})

    def receive_part(
        self, key: str, number: int, stream: IO[bytes], size: int, *, sha256: str, md5: str, is_limit: bool = False
    ) -> None:
        """Store a part that a client sent to a signed URL. The part becomes visible completely or not at all.

        Args:
            is_limit: Whether the stream may end before `size` bytes.

        Raises:
            Invalid: The body ends early or is too long, or its digests differ from the signed ones.
            StorageFull: The disk has no space for the part.
            StorageUnavailable: The disk cannot be written.
        """
        # Every request stages its bytes under a name of its own, so two clients that send the same part at the same
        # time do not write into one file. The last one to finish wins.
        writer = LocalWriter(self.root, f"{key}/{number}", staged=new_key().rpartition("/")[2])
        try:
            _copy_checked(stream, writer, size, sha256=sha256, md5=md5, is_limit=is_limit)
            writer.finish()
        except BaseException:
            writer.abort()
            raise

    def received_parts(self, incoming: Incoming) -> dict[int, int]:
        with disk_errors():
            try:
                entries = list(os.scandir(self.root / incoming.key))
            except FileNotFoundError:
                return {}
            sizes = {int(entry.name): entry.stat().st_size for entry in entries if entry.name.isdigit()}
        return {number: size for number, size in sizes.items() if incoming.is_whole(number, size)}

    def collect(self, incoming: Incoming, key: str) -> None:
        """Assemble the parts into one object: rename a single part, copy several parts.

        A client that is still sending a part writes to a staging file of its own, so it cannot change the object.
        """
        final, folder = self.root / key, self.root / incoming.key
        with disk_errors(), _missing_parts():
            if incoming.part_count == 1:
                final.parent.mkdir(parents=True, exist_ok=True)
                (folder / "1").rename(final)
                # The garbage collection spares objects that are young, so the time of the move has to count.
                os.utime(final)
                _sync_folder(final.parent)
                return
        writer = LocalWriter(self.root, key)
        try:
            with disk_errors(), _missing_parts():
                for number in range(1, incoming.part_count + 1):
                    with (folder / str(number)).open("rb") as part:
                        while chunk := part.read(CHUNK_BYTES):
                            writer.write(chunk)
            writer.finish()
        except BaseException:
            writer.abort()
            raise

    def drop_incoming(self, incoming: Incoming) -> None:
        with disk_errors():
            shutil.rmtree(self.root / incoming.key, ignore_errors=True)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        for folder, _, names in os.walk(self.root / prefix):
            for name in names:
                path = Path(folder) / name
                with suppress(FileNotFoundError):
                    status = path.stat()
                    moment = datetime.fromtimestamp(status.st_mtime, tz=UTC)
                    yield StoredObject(path.relative_to(self.root).as_posix(), status.st_size, moment)

    def open_multiparts(self) -> Iterator[OpenMultipart]:
        return iter(())


class LocalWriter:
    """A writer that writes to a staging file and then renames it.

    Readers never see an incomplete file, and the bytes are on disk before the database row that refers to them is
    committed.
    """

    def __init__(self, root: Path, key: str, *, staged: str = "") -> None:
        self.key = key
        self.final = root / key
        self.staged = root / "staging" / (staged or Path(key).name)
        with disk_errors():
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
            _sync_folder(self.final.parent)

    def abort(self) -> None:
        self.handle.close()
        with suppress(OSError):
            self.staged.unlink(missing_ok=True)


@contextmanager
def _missing_parts() -> Iterator[None]:
    """Report a missing file as missing parts of the upload, because the client can repair that by starting over."""
    try:
        yield
    except FileNotFoundError as error:
        raise parts_missing() from error


def _copy_checked(stream: IO[bytes], writer: LocalWriter, size: int, *, sha256: str, md5: str, is_limit: bool) -> None:
    """Copy the stream, which has `size` bytes, to the writer, and compare it with the digests that are not empty."""
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", "md5")}
    expected = {name: text for name, text in (("sha256", sha256), ("md5", md5)) if text}
    remaining = size
    # One byte more than allowed is read, because the end of a body without a declared length has to be seen.
    while chunk := stream.read(min(CHUNK_BYTES, remaining + 1)):
        if len(chunk) > remaining:
            raise Invalid(ErrorCode.FILE_TOO_LARGE, f"The body has more than {size} bytes. Send the part again.")
        for name in expected:
            digests[name].update(chunk)
        writer.write(chunk)
        remaining -= len(chunk)
    if remaining and not is_limit:
        raise Invalid(ErrorCode.FILE_INCOMPLETE, f"The body ended {remaining} bytes early. Send the part again.")
    for name, text in expected.items():
        if digests[name].hexdigest() != text:
            raise Invalid(
                ErrorCode.FILE_DIGEST_DIFFERS,
                f"The {name} of the received bytes is {digests[name].hexdigest()}, not {text} as declared. "
                "Send the part again.",
                field=name,
            )


def _sync_folder(folder: Path) -> None:
    """Flush the folder to disk, because a rename survives a power failure only after its folder was flushed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
