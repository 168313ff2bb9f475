"""Services for files: add, link, edit and restore them, and check names and limits."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from downloads.rules import CategoryRules, rules_of
from files.inspection.findings import Finding, as_json
from files.inspection.validation import Candidate, check_extension, max_upload_bytes, standing_findings, validate
from files.kinds import kind_of
from files.links import check_url, is_magnet, magnet_size, name_in, provisional_name
from files.models import Blob, File, UploadSession
from files.names import clean_name, fold_name
from files.policies import file_policy
from files.primary import choose_primary_file, elect_primary_file
from files.public_names import Identity, check_name_is_free, remember_file
from files.quotas import lock_quota
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode, NotFound, Rejected
from releasehub.core.restoring import needs_restore
from releasehub.core.tasks import hint
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


def check_new_file(
    *,
    actor: Actor,
    version: Version,
    filename: str,
    size_bytes: int = 0,
    sha256: str = "",
    head: bytes = b"",
    findings: Sequence[Finding] = (),
    upload: UploadSession | None = None,
    replaces: File | None = None,
) -> str:
    """Run every check of a new file that does not need its whole content, and return the name to store.

    Args:
        sha256: The digest of the content, or empty before the content has arrived.
        head: The first bytes of the content, or empty before the content has arrived.
        findings: What the inspection of the content has found, or empty before the inspection.
        upload: The upload session that has already reserved the bytes.
        replaces: A file of the version that will be deleted first, so that neither its name nor its bytes count.

    Raises:
        NotFound: The version is not visible to the actor.
        Denied: The actor may not upload to the version.
        Conflict: The version is sealed, or the name belongs to another file.
        Invalid: The file name is not acceptable.
        Rejected: A rule of the category or a quota does not allow the file.
    """
    version_policy.ensure("upload", actor, version)
    check_not_sealed(version)
    name = clean_name(filename)
    _check_name(version, name, Identity(sha256), replaces=replaces)
    reservation = upload or replaces
    validate(Candidate(version, name, _rules(version), size_bytes, head, reservation=reservation, findings=findings))
    return name


def authorize_upload(*, actor: Actor, version: Version, filename: str) -> int:
    """Check an upload before its first byte, and return its maximum size in bytes; 0 means no limit.

    The name of a file that exists is let through, because the same bytes may be sent again; whatever differs is
    refused afterwards.

    Raises:
        DomainError: As `check_new_file`.
    """
    version_policy.ensure("upload", actor, version)
    if same_file(version, filename) is None:
        check_new_file(actor=actor, version=version, filename=filename)
    return upload_limit(version)


def upload_limit(version: Version) -> int:
    """Return the maximum size in bytes of the next file of the version; 0 means no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    return max_upload_bytes(version, _rules(version))


def same_file(version: Version, filename: str, sha256: str = "") -> File | None:
    """Return the file with that name, if its content has the digest. Without a digest, any content matches."""
    file: File | None = (
        File.objects.select_related("blob")
        .filter(version=version, folded_name=fold_name(filename))
        .exclude(validation_status=File.Validation.FAILED)
        .first()
    )
    if file is None or (sha256 and (file.blob is None or file.blob.sha256 != sha256)):
        return None
    file.version = version
    return file


@transaction.atomic
def add_file(
    *,
    actor: Actor,
    version: Version,
    filename: str,
    blob: Blob,
    warnings: Sequence[Finding] | None,
    head: bytes = b"",
    upload: UploadSession | None = None,
    **fields: Any,
) -> File:
    """Add a file with the content of `blob` to the version. `is_primary=True` makes it the primary file.

    Args:
        warnings: What the inspection of the content has found, to be stored with the file. None means that the content
            was not inspected yet, so a worker does it after the commit.
        head: The first bytes of the content, if they were not yet compared with the rules of the category.

    Raises:
        DomainError: As `check_new_file`, which runs again while the version is locked.
    """
    version = lock_version(version)
    lock_quota(version.download.owner_id)
    check_new_file(
        actor=actor,
        version=version,
        filename=filename,
        size_bytes=blob.size_bytes,
        sha256=blob.sha256,
        head=head,
        findings=warnings or (),
        upload=upload,
    )
    is_stored = Blob.objects.select_for_update().filter(pk=blob.pk).update(claimed_until=None)
    if not is_stored:
        raise Conflict(
            ErrorCode.FILE_INCOMPLETE, "The uploaded bytes were removed in the meantime. Upload the file again."
        )
    status = File.Validation.PENDING if warnings is None else File.Validation.PASSED
    file = File(version=version, blob=blob, size_bytes=blob.size_bytes, validation_status=status)
    file.findings = as_json(warnings or ())
    return _add(actor, file, filename, fields)


@transaction.atomic
def link_file(
    *, actor: Actor, version: Version, url: str = "", reference: str = "", filename: str = "", **fields: Any
) -> File:
    """Add a file that redirects to an external URL. A worker probes the link before the file is offered.

    A magnet link is not probed.

    Args:
        url: The external URL. Give either this or `reference`.
        reference: The number of an asset on the version's release page. The worker looks up its URL and its name.
        filename: The name of the file. Empty takes the name from the URL or the asset.
        wants_copy: Store a copy of the linked content in the hub.
        external_sha512: The expected SHA-512 of the content in lower-case hex.

    Raises:
        NotFound: The version is not visible to the actor.
        Denied: The actor may not upload to the version.
        Conflict: The version is sealed, or the name belongs to another file.
        Invalid: The URL or the file name is not acceptable.
        Rejected: The category does not allow external links, or a copy of what a magnet link names is wanted.
    """
    version_policy.ensure("upload", actor, version)
    version = lock_version(version)
    version_policy.ensure("upload", actor, version)
    check_not_sealed(version)
    rules = _rules(version)
    if not rules.allows_external_links:
        raise Rejected(
            ErrorCode.FILE_EXTERNAL_REFUSED,
            "The category of this download does not allow external links. Upload the file instead.",
            field="external_url",
        )
    if not reference:
        check_url(url)
    name = filename or (provisional_name(reference) if reference else name_in(url))
    validate(Candidate(version, clean_name(name) if filename or url else "", rules))
    file = File(
        version=version,
        external_url=url,
        external_reference=reference,
        validation_status=File.Validation.PENDING,
    )
    if is_magnet(url):
        # No server can be asked about it, so it is offered at once, with the size that the link gives.
        if fields.get("wants_copy"):
            message = "The hub cannot copy what a magnet link names. Send the link without keep_copy."
            raise Rejected(ErrorCode.FILE_EXTERNAL_REFUSED, message, field="wants_copy")
        file.validation_status, file.size_bytes = File.Validation.PASSED, magnet_size(url)
    return _add(actor, file, name, fields)


def check_asset_name(file: File, name: str) -> str:
    """Check the name of an asset that was looked up, and return the name to store.

    Raises:
        Conflict: Another file of the version has the name.
        Invalid: The name is not acceptable.
        Rejected: The category does not allow the file extension.
    """
    cleaned = clean_name(name)
    _check_name(file.version, cleaned, Identity())
    check_extension(Candidate(file.version, cleaned, _rules(file.version)))
    return cleaned


@transaction.atomic
def update_file(*, actor: Actor, file: File, **fields: Any) -> File:
    """Change the given fields of the file; all other fields stay as they are.

    `is_primary=True` chooses the file as the primary one, and False withdraws the choice (see files/primary.py).

    Raises:
        NotFound: The file is not visible to the actor.
        Denied: The actor may not edit the file.
        Conflict: The version is sealed.
        Invalid: A field has an unacceptable value.
    """
    file_policy.ensure("edit", actor, file)
    file = lock_file(file)
    file_policy.ensure("edit", actor, file)
    is_chosen = fields.pop("is_primary", None)
    changes = audit.changed_fields(file, fields)
    if is_chosen is not None and is_chosen != file.is_primary_choice:
        changes["is_primary"] = [file.is_primary_choice, is_chosen]
    if not changes:
        return file
    _choose(file, is_chosen)
    assign(file, fields)
    file.save()
    elect_primary_file(file.version, file)
    audit.record(actor=actor, action=AuditAction.FILE_UPDATE, target=file, changes=changes)
    webhooks.publish(actor=actor, event=EventType.FILE_UPDATED, target=file)
    return file


@transaction.atomic
def restore_file(*, actor: Actor, file: File) -> File:
    """Restore a soft-deleted file.

    Raises:
        NotFound: The file is not visible to the actor.
        Denied: The actor may not restore the file.
        Conflict: The file is not deleted, another file has its name now, or the version has too many files.
        Rejected: A rule of the category or a quota does not allow the file.
    """
    file_policy.ensure("restore", actor, file)
    file = lock_file(file)
    if not needs_restore(actor, file, f"The file {file.filename}"):
        return file
    if File.objects.filter(version=file.version, folded_name=file.folded_name).exists():
        raise Conflict(
            ErrorCode.FILE_NAME_TAKEN,
            f"Another file of this version is now named {file.filename}. Rename or delete it first.",
            field="filename",
        )
    check_name_is_free(file.version, file.filename, Identity.of(file))
    _check_room_for_restored(file)
    file.mark_restored()
    elect_primary_file(file.version, file)
    remember_file(file)
    count_files(file.version, int(file.validation_status == File.Validation.PASSED))
    audit.record(actor=actor, action=AuditAction.FILE_RESTORE, target=file)
    webhooks.publish(actor=actor, event=EventType.FILE_RESTORED, target=file)
    return file


def _check_room_for_restored(file: File) -> None:
    """Check the file as if it were added again: until now, it did not count for the limits of its version."""
    lock_quota(file.version.download.owner_id)
    validate(
        Candidate(
            file.version,
            file.filename,
            _rules(file.version),
            file.size_bytes,
            reservation=file,
            is_link_only=file.blob is None,
            findings=standing_findings(file),
        )
    )


def lock_file(file: File) -> File:
    """Return the row as it is now, with version and download, all locked until the transaction ends.

    Raises:
        NotFound: Another request erased the file, its version or its download.
    """
    version = lock_version(file.version)
    try:
        locked: File = File.all_objects.select_for_update(of=("self",)).select_related("blob").get(pk=file.pk)
    except File.DoesNotExist:
        raise NotFound from None
    locked.version = version
    return locked


def check_not_sealed(version: Version) -> None:
    """Check that files may be added to the version or offered in it.

    Raises:
        Conflict: The version is sealed.
    """
    if version.sealed_at:
        raise Conflict(
            ErrorCode.VERSION_IS_SEALED,
            "This version is sealed, so its files cannot be added or changed. Create a new version instead.",
        )


def offer_file(file: File) -> None:
    """Count a file that has just passed, reserve its name, and choose the primary file. The caller holds the locks."""
    elect_primary_file(file.version, file)
    remember_file(file)
    if file.validation_status == File.Validation.PASSED and not file.is_deleted:
        count_files(file.version, 1)


def count_files(version: Version, difference: int) -> None:
    """Add `difference` to `file_count`, the number of validated files that are not deleted."""
    if difference:
        now = timezone.now()
        Version.all_objects.filter(pk=version.pk).update(file_count=F("file_count") + difference, updated_at=now)
        version.file_count += difference


def _add(actor: Actor, file: File, name: str, fields: dict[str, Any]) -> File:
    version = file.version
    filename = clean_name(name)
    _check_name(version, filename, Identity.of(file))
    _make_room(actor, version, filename)
    _choose(file, fields.pop("is_primary", None))
    file.folded_name = fold_name(filename)
    assign(file, {"filename": filename, "kind": kind_of(filename), **fields})
    file.save()
    elect_primary_file(version, file)
    remember_file(file)
    audit.record(actor=actor, action=AuditAction.FILE_CREATE, target=file, changes={"size_bytes": file.size_bytes})
    events = [EventType.FILE_CREATED]
    if file.validation_status == File.Validation.PASSED:
        count_files(version, 1)
        events.append(EventType.FILE_VALIDATED)
    else:
        transaction.on_commit(partial(hint, "files.validate_file", file.pk))
    webhooks.publish_all(actor=actor, events=events, target=file)
    return file


def _make_room(actor: Actor, version: Version, filename: str) -> None:
    """Soft-delete failed files with this name, so that a new file can take the name."""
    failed_files = File.objects.filter(
        version=version, folded_name=fold_name(filename), validation_status=File.Validation.FAILED
    )
    for file in failed_files:
        file.version = version
        reason = "replaced because it failed validation"
        audit.record(actor=actor, action=AuditAction.FILE_DELETE_SOFT, target=file, reason=reason)
        file.mark_deleted(by=actor.user, reason=reason)
        webhooks.publish(actor=actor, event=EventType.FILE_DELETED, target=file, hard=False, reason=reason)


def _check_name(version: Version, filename: str, identity: Identity, *, replaces: File | None = None) -> None:
    """Refuse a name that belongs to another live file, or that was public with different content."""
    folded = fold_name(filename)
    holders = File.objects.filter(version=version, folded_name=folded).exclude(pk=replaces.pk if replaces else 0)
    if holders.exclude(validation_status=File.Validation.FAILED).exists():
        raise Conflict(
            ErrorCode.FILE_NAME_TAKEN,
            f"This version already has a file named {filename}. Choose another name or delete that file first.",
            field="filename",
        )
    check_name_is_free(version, filename, identity)


def _rules(version: Version) -> CategoryRules:
    return rules_of(version.download.category)


def _choose(file: File, is_chosen: bool | None) -> None:
    """Set or clear the explicit choice of the primary file. None leaves it unchanged."""
    if is_chosen:
        choose_primary_file(file)
    elif is_chosen is False:
        file.is_primary_choice = False
