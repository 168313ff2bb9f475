"""Generated answers of any size, such as an export of the audit log, in a temporary file that nobody else can read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1024 * 1024
DESCRIPTORS = Path("/proc/self/fd")
Headers = list[tuple[str, str]]


def send_spooled(proto: Any, status: int, headers: Headers, chunks: Iterable[bytes]) -> Any:
    """Write the answer into a file when it is large, so that its reader holds neither thread nor memory.

    Returns the file, which the caller closes when Granian has opened it; None for a small answer.
    """
    spool = _new_spool()
    try:
        head = _written(spool, chunks)
        if head is not None:
            spool.close()
            return proto.response_bytes(status, headers, head)
        spool.flush()
        proto.response_file(status, headers, _path_of(spool))
    except BaseException:
        spool.close()
        raise
    return spool


def _written(spool: Any, chunks: Iterable[bytes]) -> bytes | None:
    """Return the chunks if they are few; None when they are in the file."""
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
    """On Linux a file without a name, of which nothing stays even after a kill; elsewhere one with mode 0600."""
    if DESCRIPTORS.exists():
        return tempfile.TemporaryFile()
    return tempfile.NamedTemporaryFile(prefix="releasehub-answer-")


def _path_of(spool: Any) -> str:
    """Return a path under which this process can open the file once more."""
    return str(DESCRIPTORS / str(spool.fileno())) if DESCRIPTORS.exists() else str(spool.name)
