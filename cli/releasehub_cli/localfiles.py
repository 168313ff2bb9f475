"""Files on this machine: which are meant, what they hold, and whether they stay as they were."""

from __future__ import annotations

import glob
import hashlib
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from releasehub_cli.errors import CliError, digest_differs, usage
from releasehub_cli.progress import Meter
from releasehub_cli.retrying import Stopped

CHUNK_BYTES = 1024 * 1024
SHOW_HASHING_BYTES = 64 * CHUNK_BYTES


@dataclass(frozen=True)
class LocalFile:
    """A file as it was when the command began. `mtime_ns` in nanoseconds."""

    path: Path
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """In NFC, as the hub keeps it; some file systems take names apart."""
        return unicodedata.normalize("NFC", self.path.name)

    @classmethod
    def at(cls, path: Path) -> LocalFile:
        """Errors: CliError when it cannot be read."""
        try:
            status = path.stat()
        except OSError as error:
            raise CliError(f"{path} cannot be read: {error.strerror}.", code="file_unreadable") from error
        if not path.is_file():
            raise usage(f"{path} is no file.")
        if not path.name.isprintable():
            raise usage(f"{path.name!r} is no name the hub can keep.", "Rename the file.")
        return cls(path, status.st_size, status.st_mtime_ns)

    def ensure_unchanged(self) -> None:
        """Errors: CliError when size or time of change are not what they were."""
        if LocalFile.at(self.path) != self:
            raise CliError(
                f"{self.path} changed while it was sent.",
                code="file_changed",
                hint="Let the build finish, then run the command again.",
            )

    def pieces(self, first_byte: int, size_bytes: int, stop: threading.Event | None = None) -> Iterator[bytes]:
        """The bytes from `first_byte`, at most 1 MiB at once.  Errors: CliError when it is shorter; Stopped."""
        left = size_bytes
        try:
            with self.path.open("rb") as stream:
                stream.seek(first_byte)
                while left and (piece := stream.read(min(CHUNK_BYTES, left))):
                    if stop is not None and stop.is_set():
                        raise Stopped
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise CliError(f"{self.path} cannot be read: {error.strerror}.", code="file_unreadable") from error
        if left:
            self.ensure_unchanged()
            raise CliError(f"{self.path} is shorter than it says.", code="file_unreadable")

    def md5(self, first_byte: int, size_bytes: int, stop: threading.Event | None = None) -> str:
        """Hex, of a range."""
        digest = hashlib.md5(usedforsecurity=False)
        for piece in self.pieces(first_byte, size_bytes, stop):
            digest.update(piece)
        return digest.hexdigest()


def sha256(file: LocalFile, meter: Meter | None = None, stop: threading.Event | None = None) -> str:
    """Hex, of the whole file; big files show how far it is."""
    shown = meter.task(f"{file.name} (sha256)", file.size_bytes) if meter and _is_big(file) else None
    digest = hashlib.sha256()
    for piece in file.pieces(0, file.size_bytes, stop):
        digest.update(piece)
        if shown:
            shown.advance(len(piece))
    if shown:
        shown.close()
    file.ensure_unchanged()
    return digest.hexdigest()


def find_files(patterns: Iterable[str]) -> list[LocalFile]:
    """Files, the direct files of folders (not the hidden ones), and what globs match; each once, by name.

    Errors: usage when one matches nothing, or two have the same name.
    """
    paths = [path for pattern in patterns for path in _expand(pattern)]
    files = {path.resolve(): LocalFile.at(path) for path in paths}
    names: dict[str, LocalFile] = {}
    for file in files.values():
        twin = names.setdefault(file.name.casefold(), file)
        if twin is not file:
            raise usage(f"{twin.path} and {file.path} have the same name.", "A version has each file name once.")
    return sorted(files.values(), key=lambda file: file.name)


def read_sums(text: str) -> dict[str, str]:
    """File name -> sha256 in hex, from the lines of `sha256sum`.  Errors: usage when a line is none."""
    sums: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        digest, _, name = line.strip().partition(" ")
        name = name.lstrip(" *")
        if len(digest) != 64 or not name or set(digest.lower()) - set("0123456789abcdef"):
            raise usage(f"This is no line of SHA256SUMS: {line[:80]!r}")
        sums[Path(name).name] = digest.lower()
    return sums


def compare(file: LocalFile, found: str, expected: str) -> None:
    """Errors: digest_differs."""
    if found != expected:
        raise digest_differs(f"{file.name} has sha256 {found}, not {expected}.")


def _expand(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_dir():
        found = [entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")]
    elif path.exists():
        found = [path]
    else:
        found = [Path(match) for match in glob.glob(pattern, recursive=True) if Path(match).is_file()]
    if not found:
        raise usage(f"{pattern} matches no file.")
    return found


def _is_big(file: LocalFile) -> bool:
    return file.size_bytes >= SHOW_HASHING_BYTES
