"""Read files of a folder that somebody else has filled: never outside of it, and never through a symbolic link."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from releasehub.core.json import read_json
from releasehub.importing.sources.base import SourceRefused

MAX_TEXT_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 100_000


class LocalFolder:
    """A folder on this machine. Paths in it are relative, and have slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Check that the folder can be read.

        Raises:
            SourceRefused: The folder cannot be read.
        """
        if not self.root.is_dir():
            raise SourceRefused(f"{self.root} is not a folder.")
        if not os.access(self.root, os.R_OK | os.X_OK):
            raise SourceRefused(f"{self.root} cannot be read. Give the user of the hub the right to read it.")

    def folders(self, path: str = "") -> list[str]:
        """Return the names of the folders in a folder, in order."""
        return [entry.name for entry in self._entries(path) if entry.is_dir(follow_symlinks=False)]

    def files(self, path: str = "") -> list[str]:
        """Return the names of the files in a folder, in order. Hidden files are left out, as those of file managers."""
        return [entry.name for entry in self._entries(path) if not entry.is_dir(follow_symlinks=False)]

    def has(self, path: str) -> bool:
        return os.path.lexists(self._path(path))

    def size(self, path: str) -> int:
        with self.open(path) as handle:
            return os.fstat(handle.fileno()).st_size

    def open(self, path: str, start: int = 0) -> IO[bytes]:
        """Open a regular file.

        Raises:
            SourceRefused: It is missing, a symbolic link, a device or a pipe, or its path leads out of the folder.
        """
        try:
            # A pipe would block without O_NONBLOCK.
            descriptor = os.open(self._path(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise SourceRefused(f"{path} cannot be read: {error.strerror}.") from None
        handle = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            handle.close()
            raise SourceRefused(f"{path} is not a regular file.")
        handle.seek(start)
        return handle

    def read(self, path: str) -> bytes:
        """Return the content of a small file.

        Raises:
            SourceRefused: As `open`, or the file is too long.
        """
        with self.open(path) as handle:
            content = handle.read(MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            raise SourceRefused(
                f"{path} has more than {MAX_TEXT_BYTES} bytes, which is too long for metadata or notes."
            )
        return content

    def read_text(self, path: str) -> str:
        try:
            return self.read(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceRefused(f"{path} is not a text in UTF-8.") from None

    def read_object(self, path: str) -> dict[str, Any]:
        """Return the JSON object in a file.

        Raises:
            SourceRefused: As `read`, or the file has no JSON object.
        """
        try:
            value = read_json(self.read(path))
        except ValueError as error:
            raise SourceRefused(f"{path} is not valid JSON: {error}.") from None
        if not isinstance(value, dict):
            raise SourceRefused(f"{path} is not a JSON object.")
        return value

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        found = list(self._scan(path))
        links = [entry.name for entry in found if entry.is_symlink()]
        if links:
            where = f"{path}/{links[0]}" if path else links[0]
            raise SourceRefused(f"{where} is a symbolic link, which is not followed. Replace it with a file or folder.")
        return sorted(found, key=lambda entry: entry.name)

    def _scan(self, path: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._path(path)) as entries:
                for count, entry in enumerate(entries):
                    if count >= MAX_ENTRIES:
                        raise SourceRefused(f"{path or self.root} has more than {MAX_ENTRIES} entries.")
                    if not entry.name.startswith("."):
                        yield entry
        except OSError as error:
            raise SourceRefused(f"{path or self.root} cannot be read: {error.strerror}.") from None

    def _path(self, path: str) -> Path:
        parts = path.split("/") if path else []
        if any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
            raise SourceRefused(f"The path {path!r} leads out of the folder.")
        place = self.root
        for part in parts[:-1]:
            place /= part
            if place.is_symlink():
                raise SourceRefused(f"{path} leads through a symbolic link, which is not followed.")
        return self.root.joinpath(*parts)


def join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
