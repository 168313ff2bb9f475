"""Find what a client names to attach: completed uploads, files that the hub has already, and assets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from downloads.access import load_access
from downloads.rules import CategoryRules
from files.inspection.content import head_of
from files.inspection.findings import Finding, from_json
from files.models import Blob, File, UploadSession
from files.policies import file_policy
from files.uploads.checksums import check_stored
from files.uploads.github_assets import ASSET_NUMBER
from files.uploads.intake import check_now
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError, Invalid

INHERITED_FIELDS = ("platform", "architecture", "display_label", "kind")


@dataclass(frozen=True)
class FileReference:
    """`reference`: the public id of a confirmed upload or of a file, or an asset number.

    `checksum`: the SHA-512, SHA-256, SHA-1 or MD5 that the bytes must have, in lower-case hex, or an empty string.
    """

    reference: str
    platform: str = ""
    architecture: str = ""
    checksum: str = ""


@dataclass(frozen=True)
class AttachmentSource:
    """Something to attach: a `blob`, a `url`, or the number of an `asset`. Goes into `attach_file`."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    filename: str = ""
    blob: Blob | None = None
    warnings: list[Finding] | None = None
    upload: UploadSession | None = None
    url: str = ""
    asset: str = ""
    checksum: str = ""
    head: bytes = b""


def find_sources(actor: Actor, references: Sequence[FileReference]) -> list[AttachmentSource]:
    """Return the uploads, files and assets that the names stand for, in at most three queries.

    Call it outside a transaction, because uploads are inspected. Error messages number the references from 1.

    Raises:
        Invalid: A reference does not lead to anything that the actor may attach.
        Rejected: The bytes are not the declared ones, or their content is not allowed.
    """
    ids = {item.reference for item in references if not is_asset(item.reference)}
    uploads, files = (_uploads(actor, ids), _files(actor, ids)) if ids else ({}, {})
    sources = []
    for number, item in enumerate(references, 1):
        try:
            sources.append(_source(actor, item, uploads.get(item.reference), files.get(item.reference)))
        except DomainError as error:
            error.message = f"File {number}: {error.message}"
            raise
    return sources


def is_asset(reference: str) -> bool:
    return bool(ASSET_NUMBER.fullmatch(reference))


def _uploads(actor: Actor, ids: set[str]) -> dict[str, UploadSession]:
    """Return completed uploads of the actor that were started without a version."""
    rows = UploadSession.objects.filter(public_id__in=ids, version=None, state=UploadSession.State.CONFIRMED)
    if not actor.is_superuser:
        rows = rows.filter(user=actor.user_id) if actor.user_id is not None else rows.none()
    rows = rows.select_related("blob", "file__blob", "file__version__download__category")
    return {row.public_id: row for row in rows}


def _files(actor: Actor, ids: set[str]) -> dict[str, File]:
    rows = File.objects.filter(public_id__in=ids).select_related("blob", "version__download__category")
    files = {row.public_id: row for row in rows}
    load_access(actor, {row.download_id for row in files.values()})
    return {public_id: row for public_id, row in files.items() if file_policy.can_download(actor, row)}


def _source(actor: Actor, item: FileReference, upload: UploadSession | None, file: File | None) -> AttachmentSource:
    if is_asset(item.reference):
        return AttachmentSource(_fields(item, {}), asset=item.reference, checksum=item.checksum)
    if upload is not None and upload.blob is not None:
        return _source_of_upload(item, upload, upload.blob)
    # An upload that was attached before stands for the file that it became.
    if upload is not None and upload.file is not None and not upload.file.is_deleted:
        file = upload.file if file_policy.can_download(actor, upload.file) else None
    if file is None:
        message = (
            f"The reference {item.reference} is neither a completed upload of yours, nor a file that "
            "you may download, nor an asset number. Check the reference."
        )
        raise Invalid(message, field="reference")
    return _source_of_file(item, file)


def _source_of_upload(item: FileReference, upload: UploadSession, blob: Blob) -> AttachmentSource:
    check_stored(blob, item.reference, item.checksum)
    # The rules of the category are checked when the file is added: its version may not exist yet.
    warnings = check_now(blob, upload.filename, CategoryRules())
    return AttachmentSource(_fields(item, upload.fields), upload.filename, blob, warnings, upload, head=head_of(blob))


def _source_of_file(item: FileReference, file: File) -> AttachmentSource:
    fields = _fields(item, {name: getattr(file, name) for name in INHERITED_FIELDS})
    if file.blob is None:
        if not file.external_url:
            message = f"The URL of file {item.reference} is still being looked up. Try again in a minute."
            raise Invalid(message, field="reference")
        return AttachmentSource(fields, file.filename, url=file.external_url, checksum=item.checksum)
    check_stored(file.blob, item.reference, item.checksum)
    is_checked = file.validation_status == File.Validation.PASSED
    warnings = from_json(file.findings) if is_checked else None
    return AttachmentSource(fields, file.filename, file.blob, warnings, head=head_of(file.blob))


def _fields(item: FileReference, inherited: Mapping[str, Any]) -> dict[str, Any]:
    overrides = {"platform": item.platform, "architecture": item.architecture}
    return {**inherited, **{name: value for name, value in overrides.items() if value}}
