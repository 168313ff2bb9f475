"""Decide what to do with a release of a source, from what the download has already. Nothing here writes."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from downloads.models import Download
from downloads.rules import CategoryRules
from files.inspection.validation import Candidate, check_extension, check_version_totals
from files.models import File
from files.names import clean_name
from files.storage.digests import NAMES
from releasehub.core.errors import DomainError
from releasehub.importing.contents import DownloadContents, number_of
from releasehub.importing.intake import reason_against_files
from releasehub.importing.models import ImportedFile, ImportedRelease, ImportSource
from releasehub.importing.sources.base import SourceAsset, SourceRelease
from versions.channels import BETA, DEV, channel_of_prerelease
from versions.models import Version
from versions.numbering import InvalidNumber, parse
from versions.tags import InvalidTag, clean_tag

Choice = ImportedRelease.Decision
FileChoice = ImportedFile.Decision


@dataclass
class Decision:
    """A decision about a release. `files` has a choice and its reason for each file, in the order of the source."""

    choice: Choice
    reason: str = ""
    version: Version | None = None
    files: list[tuple[SourceAsset, FileChoice, str]] = field(default_factory=list)


def decide(release: SourceRelease, row: ImportedRelease, contents: DownloadContents, rules: CategoryRules) -> Decision:
    """Return what to do with a release. `row` has its new texts already, and what the last run has written."""
    if reason := reason_against_files(release):
        return Decision(Choice.INVALID, reason, contents.version(row.version_id))
    if reason := _reason_to_skip(release, row.source):
        return Decision(Choice.SKIP, reason, contents.version(row.version_id))
    if row.version_id is None and row.outcome == ImportedRelease.Outcome.DONE:
        return Decision(Choice.SKIP, "Its version was permanently deleted here.")
    if (known := contents.version(row.version_id)) is not None:
        return _decide_known(release, row, known, contents)
    if reason := _reason_against(release, contents.download, rules):
        return Decision(Choice.INVALID, reason)
    if (found := contents.match(release)) is not None:
        return _decide_found(release, found, contents)
    return Decision(Choice.CREATE, files=[(asset, FileChoice.CREATE, "") for asset in release.assets])


def texts_digest(title: str, notes: str) -> str:
    return hashlib.sha256(f"{title}\n{notes}".encode()).hexdigest()


def channel_of(row: ImportedRelease, download: Download) -> str:
    """Return the channel of a release: the one that the source names, or the one that its number and its mark name.

    If the number of a pre-release names no channel, as in 7.1.2-29, the mark of the source decides.
    """
    if row.channel:
        return row.channel
    number = parse(row.number, download.version_scheme)
    if number.is_prerelease:
        unnamed = DEV if row.is_prerelease else str(download.default_channel)
        return channel_of_prerelease(number.prerelease, otherwise=unnamed)
    return BETA if row.is_prerelease else str(download.default_channel)


def changed_fields(row: ImportedRelease, version: Version) -> dict[str, Any]:
    """Return what has changed at the source since the last run, apart from what people have changed here."""
    fields: dict[str, Any] = {}
    is_new = row.written_digest not in {"", texts_digest(row.title, row.notes)}
    if is_new and texts_digest(version.title, version.release_notes) == row.written_digest:
        fields |= {"title": row.title, "release_notes": row.notes}
    channel = channel_of(row, version.download)
    if row.written_channel == version.channel and channel.lower() != version.channel:
        fields["channel"] = channel
    return fields


def is_to_be_yanked(row: ImportedRelease, version: Version) -> bool:
    return row.yank_reason is not None and version.is_released and not version.is_yanked


def is_to_be_unyanked(row: ImportedRelease, version: Version) -> bool:
    """Return whether a yank that the import has taken over was undone at the source, and stands unchanged here."""
    is_own = row.written_yank is not None and version.yank_reason == row.written_yank
    return row.yank_reason is None and version.is_yanked and is_own


def is_to_be_published(row: ImportedRelease, version: Version) -> bool:
    """Return whether a draft of the source, which is a draft here, has been published there."""
    return bool(row.written_digest) and not row.is_draft and version.state == Version.State.DRAFT


def _reason_to_skip(release: SourceRelease, source: ImportSource) -> str:
    if release.is_draft and not source.has_drafts:
        return "It is a draft at the source."
    if release.is_prerelease and not source.has_prereleases:
        return "It is a pre-release."
    return ""


def _reason_against(release: SourceRelease, download: Download, rules: CategoryRules) -> str:
    """Return why the release cannot become a version of the download, or an empty string."""
    try:
        if release.tag:
            clean_tag(release.tag)
        parse(number_of(release), download.version_scheme)
        names = [clean_name(asset.name) for asset in release.assets]
        for name in names:
            check_extension(Candidate(Version(download=download), name, rules))
        size_bytes = sum(asset.size_bytes or 0 for asset in release.assets)
        check_version_totals(rules, file_count=len(names), size_bytes=size_bytes)
    except (InvalidTag, InvalidNumber) as error:
        return str(error)
    except DomainError as error:
        return error.message
    largest = max((asset.size_bytes or 0 for asset in release.assets), default=0)
    if rules.max_file_bytes and largest > rules.max_file_bytes:
        return f"A file has {largest} bytes, but the limit is {rules.max_file_bytes} bytes."
    return ""


def _decide_known(
    release: SourceRelease, row: ImportedRelease, version: Version, contents: DownloadContents
) -> Decision:
    """Decide about a release whose version a run has made, or has found to be equal."""
    if version.is_deleted:
        return Decision(Choice.SKIP, "Its version was deleted here.", version)
    files = _compare(release, version, contents)
    if version.sealed_at:
        files = [_sealed(*item) for item in files]
    conflicts = [reason for _, choice, reason in files if choice == FileChoice.CONFLICT]
    has_new = any(choice == FileChoice.CREATE for _, choice, _ in files)
    is_changed = bool(changed_fields(row, version)) and not version.sealed_at
    is_moved = is_to_be_yanked(row, version) or is_to_be_unyanked(row, version) or is_to_be_published(row, version)
    if has_new or is_changed or is_moved:
        return Decision(Choice.UPDATE, next(iter(conflicts), ""), version, files)
    if conflicts:
        return Decision(Choice.CONFLICT, conflicts[0], version, files)
    return Decision(Choice.PRESENT, "", version, files)


def _decide_found(release: SourceRelease, version: Version, contents: DownloadContents) -> Decision:
    """Decide about a release whose tag or number belongs to a version that somebody else has made."""
    if version.is_deleted:
        return Decision(Choice.CONFLICT, f"Version {version.number} was deleted here and can be restored.")
    if release.tag and version.tag not in {"", release.tag}:
        return Decision(Choice.CONFLICT, f"The number {version.number} belongs to the version with tag {version.tag}.")
    files = _compare(release, version, contents)
    for asset, choice, reason in files:
        if choice == FileChoice.CONFLICT:
            return Decision(Choice.CONFLICT, reason, None, files)
        if choice == FileChoice.CREATE:
            reason = f"Version {version.number} exists here without the file {asset.name}."
            return Decision(Choice.CONFLICT, reason, None, files)
    return Decision(Choice.PRESENT, "It exists here with the same files.", version, files)


def _compare(
    release: SourceRelease, version: Version, contents: DownloadContents
) -> list[tuple[SourceAsset, FileChoice, str]]:
    return [(asset, *_compare_file(asset, contents.file(version, asset))) for asset in release.assets]


def _compare_file(asset: SourceAsset, file: File | None) -> tuple[FileChoice, str]:
    """Return whether the version has the file of the asset, and the reason if it has another one."""
    if file is None:
        return FileChoice.CREATE, ""
    reason = _difference(asset, file)
    return (FileChoice.CONFLICT if reason else FileChoice.PRESENT), reason


def _difference(asset: SourceAsset, file: File) -> str:
    """Return how the bytes of the source differ from those of the file here, or an empty string."""
    if asset.size_bytes is not None and asset.size_bytes != file.size_bytes:
        return f"The file {asset.name} has {asset.size_bytes} bytes at the source and {file.size_bytes} bytes here."
    algorithm, _, expected = asset.digest.partition(":")
    if file.blob is None or algorithm not in NAMES:
        return ""  # the name and the size are equal, and there is nothing else to compare
    return (
        ""
        if getattr(file.blob, algorithm) == expected
        else f"The file {asset.name} has other content at the source than here."
    )


def _sealed(asset: SourceAsset, choice: FileChoice, reason: str) -> tuple[SourceAsset, FileChoice, str]:
    if choice == FileChoice.CREATE:
        return asset, FileChoice.CONFLICT, f"The file {asset.name} cannot be added, because the version is sealed."
    return asset, choice, reason
