"""SHA-256 digests of local files and the format of sha256sum."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from releasehub_cli.errors import digest_differs, usage
from releasehub_cli.localfiles import CHUNK_BYTES, LocalFile
from releasehub_cli.progress import Meter

MIN_PROGRESS_BYTES = 64 * CHUNK_BYTES


def sha256(file: LocalFile, meter: Meter | None = None, stop: threading.Event | None = None) -> str:
    """Return the SHA-256 of the file in hex. Large files show their progress."""
    task = meter.task(f"{file.name} (sha256)", file.size_bytes) if meter and _is_big(file) else None
    digest = hashlib.sha256()
    for piece in file.pieces(0, file.size_bytes, stop):
        digest.update(piece)
        if task:
            task.advance(len(piece))
    if task:
        task.close()
    file.ensure_unchanged()
    return digest.hexdigest()


def read_sums(text: str) -> dict[str, str]:
    """Return the SHA-256 of each file name from the output of `sha256sum`.

    Raises:
        CliError: A line is malformed.
    """
    sums: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        digest, _, name = line.strip().partition(" ")
        name = name.lstrip(" *")
        if len(digest) != 64 or not name or set(digest.lower()) - set("0123456789abcdef"):
            raise usage(f"The line {line[:80]!r} is not in the format of sha256sum.")
        sums[Path(name).name] = digest.lower()
    return sums


def compare(file: LocalFile, actual: str, expected: str) -> None:
    """Raise CliError if the digests differ."""
    if actual != expected:
        raise digest_differs(f"{file.name} has sha256 {actual}, not {expected}.")


def _is_big(file: LocalFile) -> bool:
    return file.size_bytes >= MIN_PROGRESS_BYTES
