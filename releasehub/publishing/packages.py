"""The second step of a version from a package and its lockfile: confirm the uploads, and publish the version.

`package_uploads` is the first step. Who calls `verify_package` and then `publish_package` has either the whole version
or nothing, however often.
"""

from functools import partial

from django.db import transaction

from downloads.models import Download
from downloads.policies import download_policy
from downloads.rules import CategoryRules, rules_of
from downloads.services import lock_download
from files.inspection.findings import Finding
from files.models import File, PackageUpload, UploadSession
from files.services import add_file
from files.storage import blob_storage
from files.uploads.ending import end_upload
from files.uploads.immediate_verification import discard_upload, verify_now
from files.uploads.intake import check_now
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid, Rejected
from releasehub.core.querysets import only_row
from releasehub.publishing.lifecycle import move
from releasehub.publishing.package_uploads import check_number, version_of_source
from releasehub.publishing.package_values import Confirmation
from releasehub.publishing.releases import create_version
from releasehub.publishing.transitions import Move
from versions.models import Version

Inspected = dict[int, list[Finding] | None]


def verify_package(*, actor: Actor, download: Download, confirmation: Confirmation) -> Inspected:
    """Do the slow part: read the bytes back, compare digests and validate the content. Call it outside a transaction.

    Returns:
        The warnings by upload. None means that the inspection takes too long for a request, so a worker does it after
        the version was created.

    Raises:
        Invalid: A path does not belong to an upload of this download.
        Conflict: The confirmation differs from the announcement, or no bytes arrived.
        Rejected: The bytes differ from the declared ones, or failed validation.
        StorageUnavailable: The storage does not respond.
        StorageFull: The storage has no space left.
    """
    announced = _find_announcement(actor, download, confirmation)
    if _existing_version(announced, confirmation) is not None:
        return {}
    inspected: Inspected = {}
    try:
        check_number(download, announced.number)
        verify_now(announced.package, size_bytes=confirmation.size_bytes)
        rules = rules_of(download.category)
        inspected[announced.package.pk] = _inspect_now(announced.package, rules)
        if confirmation.lockfile_path:
            verify_now(announced.lockfile)
            inspected[announced.lockfile.pk] = _inspect_now(announced.lockfile, rules)
    except Conflict:
        if _existing_version(_find_announcement(actor, download, confirmation), confirmation) is None:
            raise  # otherwise a parallel request has already carried out the same confirmation
    return inspected


@transaction.atomic
def publish_package(
    *, actor: Actor, download: Download, confirmation: Confirmation, inspected: Inspected
) -> tuple[Version, bool]:
    """Create and publish the version with its files. Return it and whether it is new. Call `verify_package` first.

    Repeating a confirmation returns the existing version, as does any unforced confirmation of the same source.

    Args:
        inspected: What `verify_package` returned.

    Raises:
        DomainError: As `verify_package`, except for errors of the bytes and the storage.
        Conflict: The version number is or was used.
    """
    # Two equal confirmations that arrive at once wait here for each other, and the second one finds the version.
    download = lock_download(download.pk)
    announced = _find_announcement(actor, download, confirmation)
    existing = _existing_version(announced, confirmation)
    if existing is not None:
        return existing, False
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
    _add_package_file(actor, version, announced.package, File.FileKind.PACKAGE, inspected)
    if confirmation.lockfile_path:
        _add_package_file(actor, version, announced.lockfile, File.FileKind.LOCKFILE, inspected)
    elif end_upload(announced.lockfile, UploadSession.State.EXPIRED):
        transaction.on_commit(partial(blob_storage().drop_incoming, announced.lockfile.incoming))
    version = move(Move.PUBLISH, actor=actor, version=version, accept_pending_files=True)
    if confirmation.is_active and version.is_released:
        version = move(Move.ACTIVATE, actor=actor, version=version)
    announced.version, announced.confirmation = version, confirmation.digest
    announced.save()
    return version, True


def _find_announcement(actor: Actor, download: Download, confirmation: Confirmation) -> PackageUpload:
    """Return the announcement that the confirmation belongs to, or raise an error if both differ."""
    download_policy.ensure("post_version", actor, download)
    rows = PackageUpload.objects.select_related(
        "version", "package__user", "lockfile__user", "package__blob", "lockfile__blob"
    )
    announced = only_row(rows.filter(download=download, package__storage_key=confirmation.storage_path))
    if announced is None:
        raise Invalid(
            "No upload of this entity has this path. Use the path from the upload request.", field="storage_path"
        )
    announced.download = download
    if confirmation.lockfile_path not in {"", announced.lockfile.storage_key}:
        raise Invalid(
            "This is not the lockfile path of the upload. Use the path from the upload request.",
            field="package_lock_path",
        )
    if (confirmation.number, confirmation.source_hash) != (announced.number, announced.source_hash):
        raise Conflict(
            ErrorCode.UPLOAD_DIFFERS,
            "The upload URLs were issued for another version or source. Request new upload URLs.",
        )
    return announced


def _existing_version(announced: PackageUpload, confirmation: Confirmation) -> Version | None:
    """Return the existing version if the confirmation needs no further work.

    Raises:
        Conflict: The upload was confirmed with other values, or its version was deleted.
    """
    if announced.confirmation:
        if announced.confirmation != confirmation.digest:
            raise Conflict(
                ErrorCode.UPLOAD_DIFFERS,
                "This upload was already confirmed with other values. Request new upload URLs.",
            )
        if announced.version is None or announced.version.is_deleted:
            raise Conflict(
                ErrorCode.IS_DELETED,
                "The version that this upload created was deleted. Restore it or choose another number.",
            )
        announced.version.download = announced.download
        return announced.version
    if confirmation.is_forced or announced.is_forced:
        return None
    return version_of_source(announced.download, announced.source_hash)


def _inspect_now(upload: UploadSession, rules: CategoryRules) -> list[Finding] | None:
    """Validate the content of a verified upload, and return its warnings; None if that takes too long for a request.

    Raises:
        Rejected: The content failed validation, and the bytes were deleted.
    """
    if upload.blob is None:
        return None
    try:
        return check_now(upload.blob, upload.filename, rules)
    except Rejected as refusal:
        refusal.field = ""  # the client named no file
        discard_upload(upload, refusal)
        raise


def _add_package_file(
    actor: Actor, version: Version, upload: UploadSession, kind: File.FileKind, inspected: Inspected
) -> None:
    if upload.state != UploadSession.State.CONFIRMED or upload.blob is None:
        raise Conflict(
            ErrorCode.UPLOAD_INCOMPLETE, "The upload is still being verified. Repeat the request in a few seconds."
        )
    upload.file = add_file(
        actor=actor,
        version=version,
        filename=upload.filename,
        blob=upload.blob,
        warnings=inspected.get(upload.pk),
        upload=upload,
        kind=kind,
    )
    upload.blob = None  # The file refers to the blob from now on.
    upload.save(update_fields=["file", "blob", "updated_at"])
