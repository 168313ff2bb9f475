"""Files on disk: `blobs/` holds objects, `staging/` what is being written, `incoming/` what clients sent."""

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
    """Errors: StorageFull, StorageUnavailable."""
    try:
        yield
    except OSError as error:
        raise (StorageFull() if error.errno in NO_ROOM else StorageUnavailable()) from error


def ensure_free(path: Path, size_bytes: int = 0) -> None:
    """Keep RELEASEHUB_MIN_FREE_BYTES of the volume free, for the database, logs and whatever else lives there.

    Raises:
        StorageFull: `size_bytes` more would take from that.
    """
    floor = settings.MIN_FREE_BYTES
    if floor and shutil.disk_usage(path).free - size_bytes < floor:
        raise StorageFull


class LocalStorage:
    """Below the location of the `releases` storage."""

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

    # --- what clients send straight to storage: a folder an upload, a file a part

    def begin_incoming(self, *, size_bytes: int, part_bytes: int, is_open_ended: bool = False) -> Incoming:
        with disk_errors():
            self.root.mkdir(parents=True, exist_ok=True)
            ensure_free(self.root, 0 if is_open_ended else size_bytes)
        return Incoming(new_key(INCOMING), "", size_bytes, part_bytes, is_open_ended)

    def sign_part(self, incoming: Incoming, number: int, *, seconds: int, sha256: str, md5: str) -> SignedPut:
        size = incoming.part_size(number)
        part = SignedPart(incoming.key, number, size, sha256, md5, incoming.is_open_ended)
        return SignedPut(sign_path(part, seconds), {} if incoming.is_open_ended else {"Content-Length": str(size)})

    def receive_part(self, key: str, number: int, stream: IO[bytes], size: int, *, sha256: str, md5: str) -> None:
        """Keep a part that came by a signed address; it shows up whole or not at all.

        Errors: Invalid for a body that ends early or has other digests; StorageFull, StorageUnavailable.
        """
        writer = LocalWriter(self.root, f"{key}/{number}", staged=new_key().rpartition("/")[2])
        try:
            _copy_checked(stream, writer, size, sha256=sha256, md5=md5)
            writer.finish()
        except BaseException:
            writer.abort()
            raise

    def received_parts(self, incoming: Incoming) -> dict[int, int]:
        with disk_errors():
            try:
                found = list(os.scandir(self.root / incoming.key))
            except FileNotFoundError:
                return {}
            sizes = {int(entry.name): entry.stat().st_size for entry in found if entry.name.isdigit()}
        return {number: size for number, size in sizes.items() if incoming.is_whole(number, size)}

    def collect(self, incoming: Incoming, key: str) -> None:
        """One part is renamed, several are copied: whoever still sends one writes to another file."""
        final, folder = self.root / key, self.root / incoming.key
        with disk_errors(), _missing_parts():
            if incoming.part_count == 1:
                final.parent.mkdir(parents=True, exist_ok=True)
                (folder / "1").rename(final)
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
                    found = path.stat()
                    moment = datetime.fromtimestamp(found.st_mtime, tz=UTC)
                    yield StoredObject(path.relative_to(self.root).as_posix(), found.st_size, moment)

    def open_multiparts(self) -> Iterator[OpenMultipart]:
        return iter(())


class LocalWriter:
    """Writes beside the objects, then renames: nobody sees half a file, and the bytes are on disk before a row is."""

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
    try:
        yield
    except FileNotFoundError as error:
        raise parts_missing() from error


def _copy_checked(stream: IO[bytes], writer: LocalWriter, size: int, *, sha256: str, md5: str) -> None:
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", "md5")}
    wanted = {name: text for name, text in (("sha256", sha256), ("md5", md5)) if text}
    left = size
    while left:
        chunk = stream.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise Invalid(ErrorCode.FILE_INCOMPLETE, f"The body ended {left} bytes early. Send the part again.")
        for name in wanted:
            digests[name].update(chunk)
        writer.write(chunk)
        left -= len(chunk)
    for name, text in wanted.items():
        if digests[name].hexdigest() != text:
            raise Invalid(ErrorCode.FILE_DIGEST_DIFFERS, f"The bytes that arrived have another {name}.", field=name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
