"""Spooling of large generated responses, such as several ranges of a file, to a private temporary file."""

import shutil
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1024 * 1024
MAX_SPOOLED_BYTES = 1024 * 1024 * 1024
DESCRIPTORS = Path("/proc/self/fd")
Headers = list[tuple[str, str]]


def send_spooled(proto: Any, status: int, headers: Headers, chunks: Iterable[bytes]) -> Any:
    """Write a large response to a file and send that, so that a slow reader holds neither a thread nor memory.

    Returns:
        The file, which the caller closes after Granian opened it, or None for a small response.
    """
    spool = _new_spool()
    try:
        head = _write_chunks(spool, chunks)
        if head is not None:
            spool.close()
            return proto.response_bytes(status, headers, head)
        spool.flush()
        proto.response_file(status, headers, _path_of(spool))
    except BaseException:
        spool.close()
        raise
    return spool


def has_room(size_bytes: int) -> bool:
    """Return whether a response of this size fits beside those that this process is sending, or needs no file."""
    return size_bytes <= MEMORY_BYTES or (
        spooled_bytes() + size_bytes <= MAX_SPOOLED_BYTES
        and size_bytes <= shutil.disk_usage(tempfile.gettempdir()).free
    )


def spooled_bytes() -> int:
    """Return the size of all files without a name that this process has open, also those that Granian is sending.

    It is 0 on systems that do not list the open files of a process.
    """
    sizes: dict[tuple[int, int], int] = {}
    for descriptor in DESCRIPTORS.iterdir() if DESCRIPTORS.exists() else ():
        with suppress(OSError):  # it was closed in the meantime
            status = descriptor.stat()
            if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


def _write_chunks(spool: Any, chunks: Iterable[bytes]) -> bytes | None:
    """Return the whole response if it is small. Otherwise write it to the file and return None."""
    head, size = bytearray(), 0
    for chunk in chunks:
        size += len(chunk)
        if size <= MEMORY_BYTES:
            head += chunk
            continue
        spool.write(head)
        head.clear()
        spool.write(chunk)
    return bytes(head) if size <= MEMORY_BYTES else None


def _new_spool() -> Any:
    """Create the temporary file.

    On Linux it has no name, so nothing remains even if the process is killed. Elsewhere it has mode 0600.
    """
    if DESCRIPTORS.exists():
        return tempfile.TemporaryFile()
    return tempfile.NamedTemporaryFile(prefix="releasehub-answer-")


def _path_of(spool: Any) -> str:
    """Return a path under which this process can open the file again."""
    return str(DESCRIPTORS / str(spool.fileno())) if DESCRIPTORS.exists() else str(spool.name)
