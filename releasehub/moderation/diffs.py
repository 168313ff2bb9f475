"""The changes from one version to the next: the lines of the notes, and the files."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from files.models import File
from releasehub.distribution.comparison import Change, FileChange, compare_files
from versions.models import Version

# Comparing takes cubic time in the worst case. Therefore, long texts are cut, and lines that are often repeated, such
# as empty ones, are matched only beside others.
MAX_LINES = 300
MAX_REPETITIONS = 8
CONTEXT_LINES = 2
KEPT, ADDED, REMOVED, SKIPPED = " ", "+", "-", "…"


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff. `mark` is one of KEPT, ADDED, REMOVED, and SKIPPED for lines that are left out."""

    mark: str
    text: str


@dataclass(frozen=True)
class VersionDiff:
    """The difference between a version and the one before it. `before` is None for the first version."""

    before: Version | None
    notes: list[DiffLine]
    files: list[FileChange]


def diff_versions(before: Version | None, after: Version, files: dict[int, list[File]]) -> VersionDiff:
    """Compare two versions. `files` has the files of both by version ID, with their version loaded."""
    older = files.get(before.pk, []) if before else []
    changes = compare_files(older, files.get(after.pk, []))
    notes = diff_texts(before.release_notes if before else "", after.release_notes)
    return VersionDiff(before, notes, [change for change in changes if change.kind != Change.UNCHANGED])


def diff_texts(before: str, after: str) -> list[DiffLine]:
    """Return the lines that differ, with a few equal ones around them."""
    older, newer = (text.strip().splitlines()[:MAX_LINES] for text in (before, after))
    counts = Counter(newer)
    matcher = SequenceMatcher(lambda line: counts[line] > MAX_REPETITIONS, older, newer, autojunk=False)
    groups = matcher.get_grouped_opcodes(CONTEXT_LINES)
    return list(_lines(older, newer, list(groups)))


def _lines(
    older: list[str], newer: list[str], groups: list[list[tuple[str, int, int, int, int]]]
) -> Iterator[DiffLine]:
    for number, group in enumerate(groups):
        if number:
            yield DiffLine(SKIPPED, "")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (DiffLine(KEPT, line) for line in older[old_from:old_to])
                continue
            yield from (DiffLine(REMOVED, line) for line in older[old_from:old_to])
            yield from (DiffLine(ADDED, line) for line in newer[new_from:new_to])
