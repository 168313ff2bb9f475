"""A version made of a package and its lockfile in two steps: announce it and get addresses, then confirm.

Who calls `verify_package` and then `publish_package` has either the whole version or nothing, however often.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from django.db import transaction

from downloads.models import Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services import lock_download
from files.inspection.content import findings_of
from files.inspection.scanner import ScannerUnavailable
from files.models import File, PackageUpload, UploadSession
from files.services import add_file
from files.storage import Incoming, blob_storage
from files.uploads.intake import as_json
from files.uploads.sessions import begin_upload, end_upload, open_open_ended
from files.uploads.verification import discard_upload, verify_now
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid, Rejected, StorageUnavailable
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version
from releasehub.publishing.transitions import Move
from versions.models import PublicNumber, Version
from versions.policies import version_policy
from versions.services import lock_version

LOCKFILE_NAME = "package-lock.json"


@dataclass(frozen=True)
class Announcement:
    """`source_hash`: lower-case hex. `is_forced`: also when a version of the same source exists."""

    number: str
    source_hash: str
    base_version: Version | None = None
    is_forced: bool = False


@dataclass(frozen=True)
class Confirmation:
    """`storage_path` and `lockfile_path` as they were given out; an empty `lockfile_path`: there is none."""

    storage_path: str
    number: str
    source_hash: str
    size_bytes: int
    lockfile_path: str = ""
    service_dependencies: list[str] = field(default_factory=list)
    package_manifest: Any = None
    is_active: bool = False
    is_forced: bool = False

    @property
    def digest(self) -> str:
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def version_of_source(download: Download, source_hash: str) -> Version | None:
    """The newest version made of this very source."""
    rows = Version.objects.filter(download=download, source_hash=source_hash)
    found: Version | None = rows.select_related("download__category").order_by("-id").first()
    return found


def check_announcement(*, actor: Actor, download: Download, announcement: Announcement) -> Version | None:
    """The version that has this source already, unless forced; None means that there is something to upload.

    Errors: NotFound, Denied; Invalid for a base of another download; Conflict when the number is or was used.
    """
    download_policy.ensure("post_version", actor, download)
    base = announcement.base_version
    if base is not None and base.download_id != download.pk:
        raise Invalid(ErrorCode.INVALID, "The base version belongs to another download.", field="base_version")
    if not announcement.is_forced and (known := version_of_source(download, announcement.source_hash)):
        return known
    _check_number(download, announcement.number)
    return None


def open_places(download: Download) -> tuple[Incoming, Incoming]:
    """For package and lockfile, each within the limit of the category. Call it outside a transaction."""
    limit = rules_of(download.category).max_file_bytes
    return open_open_ended(limit_bytes=limit), open_open_ended(limit_bytes=limit)


@transaction.atomic
def announce_package(
    *, actor: Actor, download: Download, announcement: Announcement, places: tuple[Incoming, Incoming]
) -> PackageUpload:
    """Remember what is to come, and where.  Errors: NotFound, Denied."""
    download_policy.ensure("post_version", actor, download)
    names = (f"{download.slug}-{announcement.number}.zip", LOCKFILE_NAME)
    package, lockfile = (
        begin_upload(actor=actor, version=None, filename=name, incoming=place)
        for name, place in zip(names, places, strict=True)
    )
    return PackageUpload.objects.create(
        download=download,
        number=announcement.number,
        source_hash=announcement.source_hash,
        base_version=announcement.base_version,
        is_forced=announcement.is_forced,
        package=package,
        lockfile=lockfile,
    )


def verify_package(*, actor: Actor, download: Download, confirmation: Confirmation) -> None:
    """Everything slow: read the bytes back from storage, compare, look into them. Outside of any transaction.

    Errors: NotFound, Denied, Invalid; Conflict when the confirmation is not what was announced or nothing came;
    Rejected for other bytes or for what is in them; StorageUnavailable, StorageFull.
    """
    announced = _find(actor, download, confirmation)
    if _settled(announced, confirmation) is not None:
        return
    try:
        _check_number(download, announced.number)
        verify_now(announced.package, size_bytes=confirmation.size_bytes)
        _look_into(announced.package)
        if confirmation.lockfile_path:
            verify_now(announced.lockfile)
            _look_into(announced.lockfile)
    except Conflict:
        if _settled(_find(actor, download, confirmation), confirmation) is None:
            raise  # else the same confirmation was carried out by somebody else meanwhile


@transaction.atomic
def publish_package(*, actor: Actor, download: Download, confirmation: Confirmation) -> tuple[Version, bool]:
    """The version with its files, published, and whether it is new; after `verify_package`.

    The same confirmation again, and without force any other one of the same source, gives the version there is.
    Errors: as `verify_package`, without the slow ones; Conflict when the number is or was used.
    """
    download = lock_download(download.pk)
    announced = _find(actor, download, confirmation)
    known = _settled(announced, confirmation)
    if known is not None:
        return known, False
    version = create_version(
        actor=actor,
        download_id=download.pk,
        number=announced.number,
        state=Version.State.DRAFT,
        source_hash=announced.source_hash,
        base_version=announced.base_version,
        service_dependencies=confirmation.service_dependencies,
        package_manifest=confirmation.package_manifest,
    )
    _take(actor, version, announced.package, File.Kind.PACKAGE)
    if confirmation.lockfile_path:
        _take(actor, version, announced.lockfile, File.Kind.LOCKFILE)
    elif end_upload(announced.lockfile, UploadSession.State.EXPIRED):
        transaction.on_commit(partial(blob_storage().drop_incoming, announced.lockfile.incoming))
    version = move(Move.PUBLISH, actor=actor, version=version)
    if confirmation.is_active and version.is_released:
        version = move(Move.ACTIVATE, actor=actor, version=version)
    announced.version, announced.confirmation = version, confirmation.digest
    announced.save()
    return version, True


@transaction.atomic
def delete_inactive_version(*, actor: Actor, version: Version) -> None:
    """As `delete_version`, softly.  Errors: Conflict for the active one: another has to be made active first."""
    version_policy.ensure("delete", actor, version)
    version = lock_version(version)
    if version.is_active:
        raise Conflict(ErrorCode.VERSION_IS_ACTIVE, "This version is active: make another one active first.")
    move(Move.DELETE, actor=actor, version=version)


def _find(actor: Actor, download: Download, confirmation: Confirmation) -> PackageUpload:
    download_policy.ensure("post_version", actor, download)
    rows = PackageUpload.objects.select_related(
        "version", "package__user", "lockfile__user", "package__blob", "lockfile__blob"
    )
    announced: PackageUpload | None = rows.filter(
        download=download, package__storage_key=confirmation.storage_path
    ).first()
    if announced is None:
        raise Invalid(ErrorCode.INVALID, "No upload of this entity has this path.", field="storage_path")
    announced.download = download
    if confirmation.lockfile_path not in {"", announced.lockfile.storage_key}:
        raise Invalid(ErrorCode.INVALID, "This is not the path of the lockfile.", field="package_lock_path")
    if (confirmation.number, confirmation.source_hash) != (announced.number, announced.source_hash):
        raise Conflict(ErrorCode.UPLOAD_DIFFERS, "The addresses were given for another version or source.")
    return announced


def _settled(announced: PackageUpload, confirmation: Confirmation) -> Version | None:
    """The version this confirmation comes to without doing anything.  Errors: Conflict."""
    if announced.confirmation:
        if announced.confirmation != confirmation.digest:
            raise Conflict(ErrorCode.UPLOAD_DIFFERS, "This upload was confirmed before, with other values.")
        if announced.version is None or announced.version.is_deleted:
            raise Conflict(ErrorCode.IS_DELETED, "The version that this made was deleted.")
        announced.version.download = announced.download
        return announced.version
    if confirmation.is_forced or announced.is_forced:
        return None
    return version_of_source(announced.download, announced.source_hash)


def _check_number(download: Download, number: str) -> None:
    """Early, to spare an upload; `create_version` asks again under the lock."""
    place = {"download": download, "channel": download.default_channel, "number": number}
    if Version.all_objects.filter(**place).exists() or PublicNumber.objects.filter(**place).exists():
        message = f"Version {number} exists, is deleted, or was public before. Choose another number."
        raise Conflict(ErrorCode.VERSION_NUMBER_TAKEN, message, field="number")


def _look_into(upload: UploadSession) -> None:
    """Errors: Rejected, and then the bytes are gone; StorageUnavailable when the scanner does not answer."""
    if upload.blob is None:
        return
    try:
        found = findings_of(upload.blob, upload.filename)
    except ScannerUnavailable as error:
        raise StorageUnavailable("The scanner cannot be reached. Try again later.") from error
    if found:
        refusal = Rejected(ErrorCode.FILE_FAILED_VALIDATION, found[0].message, findings=as_json(found))
        discard_upload(upload, refusal)
        raise refusal


def _take(actor: Actor, version: Version, upload: UploadSession, kind: File.Kind) -> None:
    if upload.state != UploadSession.State.CONFIRMED or upload.blob is None:
        raise Conflict(ErrorCode.UPLOAD_INCOMPLETE, "The bytes are not verified yet. Repeat the request.")
    upload.file = add_file(
        actor=actor,
        version=version,
        filename=upload.filename,
        blob=upload.blob,
        is_checked=True,
        upload=upload,
        kind=kind,
    )
    upload.blob = None
    upload.save(update_fields=["file", "blob", "updated_at"])
