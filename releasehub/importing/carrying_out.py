"""Create a version from a release of a source, or update it, in one transaction."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_downloads
from files.models import File
from files.names import clean_name, fold_name
from files.uploads.attachment_sources import AttachmentSource
from releasehub.core.actor import Actor
from releasehub.importing.decisions import (
    changed_fields,
    channel_of,
    is_to_be_published,
    is_to_be_unyanked,
    is_to_be_yanked,
    texts_digest,
)
from releasehub.importing.fetching import fetch_file, inspect_file
from releasehub.importing.leases import RunLease
from releasehub.importing.models import ImportedFile, ImportedRelease
from releasehub.importing.opening import entitled_actor
from releasehub.importing.sources.base import ReleaseSource
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, create_with_files, edit_with_files
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.tags import number_of_tag

REMOVED = "The release was removed at its source."
YANKED = "The release was yanked at its source."


def carry_out(*, lease: RunLease, source: ReleaseSource, row: ImportedRelease) -> None:
    """Fetch the files of the release and apply the decision about it.

    The release stays invisible until all its files are stored and their digests were compared. If the call is
    interrupted, the next call continues with the complete files and the parts that are stored.

    The right of the user who imports is checked before the files are fetched, and again in the transaction that
    changes the version, because files may take hours.

    Raises:
        SourceUnavailable: The source does not answer at the moment.
        SourceRefused: The source does not have a file, or has another one.
        Denied: The user who set up the import may not post versions any more.
        DomainError: The hub refuses the version or a file.
        RunTakenOver: Another worker has taken over the run.
        Canceled: A person has asked to stop the run.
    """
    actor = entitled_actor(lease.run)
    if row.decision == ImportedRelease.Decision.REMOVED:
        _yank(lease, row, REMOVED)
        return
    sources = [_fetched(lease, source, actor, row, file) for file in _missing_files(row)]
    if row.decision == ImportedRelease.Decision.CREATE:
        _create(lease, row, sources)
    else:
        _update(lease, row, sources)


def _missing_files(row: ImportedRelease) -> Sequence[ImportedFile]:
    rows = row.assets.filter(is_listed=True, decision=ImportedFile.Decision.CREATE)
    return list(rows.select_related("upload__blob", "upload__user"))


def _fetched(
    lease: RunLease, source: ReleaseSource, actor: Actor, row: ImportedRelease, file: ImportedFile
) -> AttachmentSource:
    lease.report(f"{row}: {file.name}")
    download = lease.run.source.download
    blob = fetch_file(lease=lease, source=source, actor=actor, download=download, row=file)
    lease.note_bytes(0)
    with lease.held(blob.size_bytes):
        return inspect_file(blob, file, download)


@transaction.atomic
def _create(lease: RunLease, row: ImportedRelease, sources: Sequence[AttachmentSource]) -> None:
    _lock(lease, created_count=F("created_count") + 1, fetched_count=F("fetched_count") + len(sources))
    actor = entitled_actor(lease.run)
    state = Version.State.DRAFT if row.is_draft else Version.State.PUBLISHED
    download = lease.run.source.download
    fields = {"actor": actor, "download_id": download.pk, "state": state, **_new_fields(row, download)}
    version = create_with_files(sources=sources, **fields) if sources else create_version(**fields)
    if row.yank_reason is not None and version.is_released:
        version = _yanked(actor, row, version, row.yank_reason or YANKED)
    if row.is_archived and version.is_released:
        version = move(Move.ARCHIVE, actor=actor, version=version)
    _note_done(row, version, texts_digest(row.title, row.notes))


@transaction.atomic
def _update(lease: RunLease, row: ImportedRelease, sources: Sequence[AttachmentSource]) -> None:
    _lock(lease, updated_count=F("updated_count") + 1, fetched_count=F("fetched_count") + len(sources))
    actor = entitled_actor(lease.run)
    version = Version.all_objects.select_related("download__category").get(pk=row.version_id)
    fields = changed_fields(row, version)
    digest = texts_digest(row.title, row.notes) if "release_notes" in fields else row.written_digest
    state = Version.State.PUBLISHED if is_to_be_published(row, version) else ""
    if fields or sources or state:
        version = edit_with_files(actor=actor, version=version, sources=sources, state=state, **fields)
    if is_to_be_yanked(row, version):
        version = _yanked(actor, row, version, row.yank_reason or YANKED)
    elif is_to_be_unyanked(row, version):
        version, row.written_yank = move(Move.UNYANK, actor=actor, version=version), None
    _note_done(row, version, digest)


@transaction.atomic
def _yank(lease: RunLease, row: ImportedRelease, reason: str) -> None:
    _lock(lease, updated_count=F("updated_count") + 1)
    actor = entitled_actor(lease.run)
    version = Version.all_objects.select_related("download__category").get(pk=row.version_id)
    _note_done(row, _yanked(actor, row, version, reason), row.written_digest)


def _lock(lease: RunLease, **counts: Any) -> None:
    """Lock the download, and then the run until the end, so that a worker that has lost its lease publishes nothing.

    Erasing the download erases its imports, too, and takes the locks in this order.
    """
    lock_downloads([lease.run.source.download_id])
    lease.store(interruptions=0, **counts)


def _yanked(actor: Actor, row: ImportedRelease, version: Version, reason: str) -> Version:
    version = move(Move.YANK, actor=actor, version=version, reason=reason)
    row.written_yank = version.yank_reason
    return version


def _new_fields(row: ImportedRelease, download: Download) -> dict[str, Any]:
    """Return the fields of a new version. Its publication date is that of the import, as for every version.

    The date at the source becomes the creation date, which may lie in the past.
    """
    made_at = row.published_at or row.made_at
    fields: dict[str, Any] = {
        "tag": row.tag,
        "title": row.title,
        "release_notes": row.notes,
        "created_at": min(made_at, timezone.now()) if made_at else None,
        "release_page_url": _page_url(row.page_url),
        "commitish": row.commitish,
        "channel": channel_of(row, download),
        **row.fields,
    }
    # Without a number, it follows from the tag, and avoids the numbers of tags with another prefix.
    return fields if row.tag and row.number == number_of_tag(row.tag) else fields | {"number": row.number}


def _page_url(url: str) -> str:
    """Return the URL, or an empty string if versions do not accept it, such as that of a host without a domain."""
    try:
        Version._meta.get_field("release_page_url").run_validators(url)
    except ValidationError:
        return ""
    return url


def _note_done(row: ImportedRelease, version: Version, digest: str) -> None:
    """Link the release and its files to the version, so that the next run finds them."""
    row.version, row.outcome, row.reason = version, ImportedRelease.Outcome.DONE, ""
    row.number, row.written_digest, row.written_channel = version.number, digest, version.channel
    row.save()
    files = {file.folded_name: file for file in File.objects.filter(version=version)}
    for asset in row.assets.filter(is_listed=True, file=None):
        asset.file, asset.upload = files.get(fold_name(clean_name(asset.name))), None
        asset.save(update_fields=["file", "upload"])
