"""Compare the files of two versions. Pure functions over loaded files."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from files.models import File
from files.names import fold_name
from versions.models import Version
from versions.platforms import fold_architecture, fold_platform


class Change(StrEnum):
    """The difference of a file between two versions, in the order in which readers look for them."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class FileChange:
    """A file in the older version, in the newer one, or in both."""

    before: File | None
    after: File | None

    @property
    def kind(self) -> Change:
        if self.before is None:
            return Change.ADDED
        if self.after is None:
            return Change.REMOVED
        return Change.UNCHANGED if _content(self.before) == _content(self.after) else Change.CHANGED

    @property
    def file(self) -> File:
        """The file that a row of the comparison is named after."""
        file = self.after or self.before
        assert file is not None  # noqa: S101 - a change has at least one of them
        return file

    @property
    def size_difference(self) -> int | None:
        """The difference of the sizes in bytes, or None unless both versions have the file with a known size."""
        if not (self.before and self.after and self.before.size_bytes and self.after.size_bytes):
            return None
        return self.after.size_bytes - self.before.size_bytes


def compare_files(before: Iterable[File], after: Iterable[File]) -> list[FileChange]:
    """Return one change for each file, matched by platform, architecture and name without the number of the version.

    The `version` of every file should be loaded.
    """
    older, newer = ({_identity(file): file for file in files} for files in (before, after))
    changes = [FileChange(older.get(key), newer.get(key)) for key in older | newer]
    order = list(Change)
    return sorted(changes, key=lambda change: (order.index(change.kind), fold_name(change.file.filename)))


def _identity(file: File) -> tuple[str, str, str]:
    """Return what a file has in common with its counterpart in another version."""
    name = fold_name(file.filename).replace(fold_name(file.version.number), "*")
    return name, fold_platform(file.platform), fold_architecture(file.architecture)


def _content(file: File) -> tuple[str, int]:
    return file.sha256, file.size_bytes


def version_pair(first: Version, second: Version) -> tuple[Version, Version]:
    """Return the two versions, the one with the lower number first."""
    return (first, second) if bytes(first.sort_key) <= bytes(second.sort_key) else (second, first)
