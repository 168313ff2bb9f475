"""Read releases from a folder without metadata: one folder for each version, or files with versions in their names."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from releasehub.importing.sources.base import SourceAsset, SourceRefused, SourceRelease
from releasehub.importing.sources.local_folder import LocalFolder, join
from releasehub.importing.sources.values import names_prerelease, tag_and_number
from versions.numbering import sort_key_of
from versions.tags import number_of_tag

NOTES = frozenset({"release-notes.md", "release_notes.md", "notes.md"})
CHECKSUMS = "sha256sums"
# tool-1.4.0-linux-x64.tar.gz, tool_v2.0.0-rc.1.zip: a number with at least one dot, and the pre-release after it.
_NUMBER_IN_NAME = re.compile(
    r"(?<![0-9A-Za-z.])v?(?P<number>[0-9]{1,9}(?:\.[0-9]{1,9}){1,3}"
    r"(?:[-.]?(?:alpha|beta|preview|rc|dev)[-.]?[0-9]{0,9})?)(?![0-9])",
    re.IGNORECASE,
)
_CHECKSUM_LINE = re.compile(r"(?P<sha256>[0-9a-fA-F]{64}) [ *](?P<name>[^\n]{1,1000})")


def plain_releases(folder: LocalFolder) -> Iterator[SourceRelease]:
    """Yield the releases in the folder, the newest first.

    Raises:
        SourceRefused: The folder mixes both forms, has no releases, or has a name without a version.
    """
    folders, files = folder.folders(), [name for name in folder.files() if not _is_generated(name)]
    if folders and files:
        raise SourceRefused(
            f"The folder has folders and files, such as {folders[0]} and {files[0]}. Use either one folder for each "
            "version, or files with the version in their names."
        )
    if not folders and not files:
        raise SourceRefused(f"{folder.root} is empty.")
    groups = {name: (name, folder.files(name)) for name in folders} if folders else _by_number(files)
    for name in sorted(groups, key=lambda name: (sort_key_of(number_of_tag(name)) or b"", name), reverse=True):
        place, names = groups[name]
        yield _release(folder, name, place, names)


def _by_number(files: list[str]) -> dict[str, tuple[str, list[str]]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in files:
        match = _NUMBER_IN_NAME.search(name)
        if match is None:
            raise SourceRefused(f"The file {name} has no version in its name, such as tool-1.4.0.zip.")
        groups[match["number"]].append(name)
    return {number: ("", names) for number, names in groups.items()}


def _release(folder: LocalFolder, name: str, place: str, names: list[str]) -> SourceRelease:
    if place and (nested := folder.folders(place)):
        raise SourceRefused(f"{place}/{nested[0]} is a folder in the folder of a version, which may have only files.")
    notes = next((file for file in names if place and file.lower() in NOTES), "")
    digests = _digests(folder, place)
    released_at = _changed_at(folder, place, names)
    tag, number = tag_and_number(name)
    return SourceRelease(
        key=name,
        tag=tag,
        number=number,
        is_prerelease=names_prerelease(name),
        notes=folder.read_text(join(place, notes)) if notes else "",
        created_at=released_at,
        published_at=released_at,
        assets=tuple(
            _asset(folder, join(place, file), file, digests.get(file, ""))
            for file in names
            if file != notes and file.lower() != CHECKSUMS
        ),
    )


def _asset(folder: LocalFolder, path: str, name: str, sha256: str) -> SourceAsset:
    digest = f"sha256:{sha256}" if sha256 else ""
    return SourceAsset(key=name, name=name, url=path, size_bytes=folder.size(path), digest=digest)


def _digests(folder: LocalFolder, place: str) -> dict[str, str]:
    """Return the digests that the SHA256SUMS of the folder states, by file name."""
    found = next((name for name in folder.files(place) if name.lower() == CHECKSUMS), "")
    if not found:
        return {}
    lines = map(_CHECKSUM_LINE.fullmatch, folder.read_text(join(place, found)).splitlines())
    return {match["name"]: match["sha256"].lower() for match in lines if match}


def _changed_at(folder: LocalFolder, place: str, names: list[str]) -> datetime | None:
    """Return the time of the newest file, because a folder states no date of a release."""
    times = []
    for name in names:
        with folder.open(join(place, name)) as handle:
            times.append(os.fstat(handle.fileno()).st_mtime)
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _is_generated(name: str) -> bool:
    return name.lower() in {CHECKSUMS, "index.html"}
