"""Files on this machine: find them, read them, and notice when they change."""

from __future__ import annotations

import codecs
import glob
import hashlib
import os
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from releasehub_cli.errors import CliError, usage
from releasehub_cli.names import has_control_characters
from releasehub_cli.retrying import Stopped

CHUNK_BYTES = 1024 * 1024
# UTF-32 comes first, because its mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class LocalFile:
    """A file as it was when the command started."""

    path: Path
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The file name in Unicode form NFC, as the hub stores it. Some file systems decompose names."""
        return unicodedata.normalize("NFC", self.path.name)

    @classmethod
    def at(cls, path: Path) -> LocalFile:
        """Return the file at a path.

        Raises:
            CliError: The file cannot be read, or its name has control characters.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise CliError(f"Cannot read {path}: {error.strerror}.", code="file_unreadable") from error
        if not path.is_file():
            raise usage(f"{path} is not a regular file.")
        if not _is_unicode(path.name):
            raise usage(f"The file name {path.name!r} is not valid UTF-8.", "Rename the file.")
        if has_control_characters(path.name):
            raise usage(f"The file name {path.name!r} has control characters.", "Rename the file.")
        return cls(path, status.st_size, status.st_mtime_ns)

    def ensure_unchanged(self) -> None:
        """Raise CliError if the size or the modification time has changed."""
        if LocalFile.at(self.path) != self:
            raise CliError(
                f"{self.path} changed during the upload.",
                code="file_changed",
                hint="Wait until the build is finished, then run the command again.",
            )

    def pieces(self, first_byte: int, size_bytes: int, stop: threading.Event | None = None) -> Iterator[bytes]:
        """Yield the bytes of a range in pieces of at most 1 MiB.

        Raises:
            CliError: The file cannot be read, or is too short.
            Stopped: The event `stop` is set.
        """
        remaining = size_bytes
        try:
            with self.path.open("rb") as stream:
                stream.seek(first_byte)
                while remaining and (piece := stream.read(min(CHUNK_BYTES, remaining))):
                    if stop is not None and stop.is_set():
                        raise Stopped
                    remaining -= len(piece)
                    yield piece
        except OSError as error:
            raise CliError(f"Cannot read {self.path}: {error.strerror}.", code="file_unreadable") from error
        if remaining:
            self.ensure_unchanged()
            raise CliError(f"{self.path} has fewer bytes than its size states.", code="file_unreadable")

    def md5(self, first_byte: int, size_bytes: int, stop: threading.Event | None = None) -> str:
        """Return the MD5 of a range in hex."""
        digest = hashlib.md5(usedforsecurity=False)
        for piece in self.pieces(first_byte, size_bytes, stop):
            digest.update(piece)
        return digest.hexdigest()


def _is_unicode(name: str) -> bool:
    """Return whether the name is text. Python reads other bytes of a file name as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def find_files(patterns: Iterable[str]) -> list[LocalFile]:
    """Return the files that paths, folders and glob patterns stand for, sorted by name.

    A folder stands for its direct files, except hidden ones.

    Raises:
        CliError: A pattern matches no file, or two files have the same name.
    """
    paths = [path for pattern in patterns for path in _expand(pattern)]
    files = {path.resolve(): LocalFile.at(path) for path in paths}
    names: dict[str, LocalFile] = {}
    for file in files.values():
        twin = names.setdefault(file.name.casefold(), file)
        if twin is not file:
            raise usage(
                f"{twin.path} and {file.path} have the same name.", "The file names in a version must be unique."
            )
    return sorted(files.values(), key=lambda file: file.name)


def local_path(text: str) -> Path:
    """Return the path. An empty one, often an unset variable of a script, would be the working directory.

    Raises:
        CliError: The text is empty.
    """
    if not text:
        raise usage("A path is empty.", "Check the variables in the command line.")
    return Path(text)


def _expand(pattern: str) -> list[Path]:
    """Return the paths of files. A link without its file is not left out, because a build may have failed."""
    path = local_path(pattern)
    if path.is_dir():
        paths = [entry for entry in path.iterdir() if not entry.is_dir() and not entry.name.startswith(".")]
    elif os.path.lexists(path):
        paths = [path]
    else:
        paths = [Path(match) for match in glob.glob(pattern, recursive=True) if not Path(match).is_dir()]
    if not paths:
        raise usage(f"{pattern} matches no file.")
    return paths


def read_text(file: BinaryIO) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark, which PowerShell 5 writes.

    Raises:
        CliError: The file is not a text in one of these encodings.
    """
    content = file.read()
    marked = (encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if content.startswith(mark))
    try:
        return content.decode(next(marked, "utf-8-sig")).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        message = f"{getattr(file, 'name', 'The file')} is not a text in UTF-8, or in UTF-16 with a byte order mark."
        raise usage(message, "Save the file as UTF-8 and try again.") from error
