"""Storage on a local disk.

`blobs/` holds the finished objects, `staging/` the files that are still being written, and `incoming/` the parts that
clients sent. All three are on the same volume, so a finished file is moved into place with an atomic rename.
"""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from django.core.files.storage import Storage, storages

from files.storage.base import OpenMultipart, StoredObject, Writer, new_key
from files.storage.incoming import INCOMING, Incoming, SignedPut, parts_missing
from files.storage.local_writer import LocalWriter, disk_errors, ensure_free, ensure_root, sync_folder
from files.storage.receiving import CHUNK_BYTES, store_checked
from files.storage.signing import SignedPart, sign_path
from files.storage.writing import written


class LocalStorage:
    """Storage in a folder: the location of a storage of Django, by default of the one named `releases`."""

    upload_origin = ""

    def __init__(self, storage: Storage | None = None) -> None:
        self._storage = storage

    @property
    def root(self) -> Path:
        return self._path("")

    def _path(self, key: str) -> Path:
        """Return the path of an object.

        Raises:
            SuspiciousFileOperation: The key leads out of the folder, as it may in a backup from somebody else.
        """
        return Path((self._storage or storages["releases"]).path(key))

    def new_writer(self, key: str = "") -> Writer:
        key = key or new_key()
        self._path(key)
        with disk_errors():
            return LocalWriter(self.root, key)

    def open(self, key: str, start: int = 0) -> IO[bytes]:
        with disk_errors():
            handle = self._path(key).open("rb")
            handle.seek(start)
            return handle

    def size(self, key: str) -> int | None:
        with disk_errors():
            try:
                return self._path(key).stat().st_size
            except FileNotFoundError:
                ensure_root(self.root)
                return None

    def delete(self, key: str) -> None:
        with disk_errors():
            self._path(key).unlink(missing_ok=True)

    def signed_url(self, key: str, *, filename: str, content_type: str, seconds: int) -> str | None:
        return None

    def withdraw_urls(self, key: str) -> str | None:
        return None

    def is_reachable(self) -> bool:
        try:
            ensure_root(self.root)
        except OSError:
            return False
        return os.access(self.root, os.W_OK | os.X_OK)

    def begin_incoming(self, *, size_bytes: int, part_bytes: int, is_open_ended: bool = False) -> Incoming:
        with disk_errors():
            ensure_root(self.root)
            ensure_free(self.root, 0 if is_open_ended else size_bytes)
        return Incoming(new_key(INCOMING), "", size_bytes, part_bytes, is_open_ended)

    def sign_part(self, incoming: Incoming, number: int, *, seconds: int, sha256: str, md5: str) -> SignedPut:
        size = incoming.part_size(number)
        part = SignedPart(incoming.key, number, size, sha256, md5, incoming.is_open_ended)
        return SignedPut(sign_path(part, seconds), {} if incoming.is_open_ended else {"Content-Length": str(size)})

    def receive_part(
        self, key: str, number: int, stream: IO[bytes], size: int, *, sha256: str, md5: str, is_limit: bool = False
    ) -> None:
        # Every request stages its bytes under a name of its own, so two clients that send the same part at the same
        # time do not write into one file. The last one to finish wins.
        writer = LocalWriter(self.root, f"{key}/{number}", staged=new_key().rpartition("/")[2])
        store_checked(stream, writer, size, sha256=sha256, md5=md5, is_limit=is_limit)

    def write_part(self, incoming: Incoming, number: int, body: bytes) -> None:
        self.receive_part(incoming.key, number, io.BytesIO(body), len(body), sha256="", md5="")

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
        with disk_errors():
            ensure_root(self.root)
        with disk_errors(), _missing_parts():
            if incoming.part_count == 1:
                final.parent.mkdir(parents=True, exist_ok=True)
                (folder / "1").rename(final)
                # The garbage collection spares objects that are young, so the time of the move has to count.
                os.utime(final)
                sync_folder(final.parent)
                return
        with written(LocalWriter(self.root, key)) as writer, disk_errors(), _missing_parts():
            for number in range(1, incoming.part_count + 1):
                with (folder / str(number)).open("rb") as part:
                    shutil.copyfileobj(part, writer, CHUNK_BYTES)

    def drop_incoming(self, incoming: Incoming) -> None:
        with disk_errors():
            shutil.rmtree(self.root / incoming.key, ignore_errors=True)

    def objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        for folder, folders, names in os.walk(self.root / prefix):
            folders.sort()  # `os.walk` descends in this order
            for name in sorted(names):
                path = Path(folder) / name
                if path.relative_to(self.root).as_posix() <= after:
                    continue
                with suppress(FileNotFoundError):
                    status = path.stat()
                    moment = datetime.fromtimestamp(status.st_mtime, tz=UTC)
                    yield StoredObject(path.relative_to(self.root).as_posix(), status.st_size, moment)

    def open_multiparts(self, prefix: str) -> Iterator[OpenMultipart]:
        return iter(())

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Do nothing, because a folder has no multipart uploads."""


@contextmanager
def _missing_parts() -> Iterator[None]:
    """Report a missing file as missing parts of the upload, because the client can repair that by starting over."""
    try:
        yield
    except FileNotFoundError as error:
        raise parts_missing() from error
