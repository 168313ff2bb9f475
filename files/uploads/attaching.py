"""Files of a version by name: bytes that the hub has already, or an asset of the version's release page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from downloads.access import load_access
from downloads.rules import CategoryRules
from files.inspection.content import head_of
from files.inspection.findings import Finding, from_json
from files.models import Blob, File, UploadSession
from files.policies import file_policy
from files.services import add_file, link_file
from files.storage import blob_storage
from files.storage.digests import algorithm_of
from files.uploads.external import ASSET_NUMBER, NEEDS_RELEASE_PAGE, RELEASE_PAGE
from files.uploads.intake import check_now
from files.uploads.mismatches import digest_differs
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError, ErrorCode, Invalid
from versions.models import Version

CHUNK_BYTES = 1024 * 1024
TITLES = {"sha512": "SHA-512", "sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}
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


@transaction.atomic
def attach_file(*, actor: Actor, version: Version, source: AttachmentSource) -> File:
    """Add a file to the version.

    Raises:
        Invalid: An asset needs a release page, and the version has none. Otherwise as `add_file` and `link_file`.
    """
    if source.blob is None:
        if source.asset and not RELEASE_PAGE.fullmatch(version.release_page_url):
            raise Invalid(ErrorCode.INVALID, NEEDS_RELEASE_PAGE, field="release_page_url")
        return link_file(
            actor=actor,
            version=version,
            url=source.url,
            reference=source.asset,
            filename=source.filename,
            **_expected(source.checksum),
            **source.fields,
        )
    file = add_file(
        actor=actor,
        version=version,
        filename=source.filename,
        blob=source.blob,
        warnings=source.warnings,
        head=source.head,
        upload=source.upload,
        **source.fields,
    )
    if source.upload is not None:  # from now on the file refers to the blob instead of the upload
        UploadSession.objects.filter(pk=source.upload.pk).update(file=file, blob=None)
    return file


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
        _compare(upload.blob, item)
        # The rules of the category are checked when the file is added: its version may not exist yet.
        warnings = check_now(upload.blob, upload.filename, CategoryRules())
        head = head_of(upload.blob)
        fields = _fields(item, upload.fields)
        return AttachmentSource(fields, upload.filename, upload.blob, warnings, upload, head=head)
    if upload is not None and upload.file is not None and not upload.file.is_deleted:
        file = upload.file if file_policy.can_download(actor, upload.file) else None
    if file is None:
        message = (
            f"The reference {item.reference} is neither a completed upload of yours, nor a file that "
            "you may download, nor an asset number. Check the reference."
        )
        raise Invalid(ErrorCode.INVALID, message, field="reference")
    fields = _fields(item, {name: getattr(file, name) for name in INHERITED_FIELDS})
    if file.blob is None:
        if not file.external_url:
            raise Invalid(
                ErrorCode.INVALID,
                f"The URL of file {item.reference} is still being looked up. Try again in a minute.",
                field="reference",
            )
        return AttachmentSource(fields, file.filename, url=file.external_url, checksum=item.checksum)
    _compare(file.blob, item)
    is_checked = file.validation_status == File.Validation.PASSED
    warnings = from_json(file.findings) if is_checked else None
    return AttachmentSource(fields, file.filename, file.blob, warnings, head=head_of(file.blob))


def _fields(item: FileReference, inherited: Mapping[str, Any]) -> dict[str, Any]:
    overrides = {"platform": item.platform, "architecture": item.architecture}
    return {**inherited, **{name: value for name, value in overrides.items() if value}}


def _compare(blob: Blob, item: FileReference) -> None:
    if blob.state != Blob.State.STORED:
        raise Invalid(
            ErrorCode.INVALID,
            f"The stored bytes of {item.reference} are missing or damaged. Upload the file again.",
            field="reference",
        )
    name = algorithm_of(item.checksum)
    if name is None:
        return
    actual = _sha1(blob) if name == "sha1" else getattr(blob, name)
    if item.checksum != actual:
        advice = f"Correct the checksum of {item.reference}, or attach another file."
        raise digest_differs(TITLES[name], actual, item.checksum, field="checksum", advice=advice)


def _sha1(blob: Blob) -> str:
    """Return the SHA-1 of stored bytes, which the hub does not record and therefore has to read.

    Raises:
        Invalid: The file is too large to be read within a request.
    """
    if blob.size_bytes > settings.INLINE_CHECK_BYTES:
        raise Invalid(
            ErrorCode.INVALID,
            f"The SHA-1 of files over {settings.INLINE_CHECK_BYTES} bytes is not checked. Send the SHA-256 or SHA-512.",
            field="checksum",
        )
    with closing(blob_storage().open(blob.storage_key)) as handle:
        digest = hashlib.sha1(usedforsecurity=False)
        while chunk := handle.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _expected(checksum: str) -> dict[str, str]:
    """Return the field of a link that holds the checksum until the worker has compared it with the bytes."""
    name = algorithm_of(checksum)
    return {"external_sha512" if name == "sha512" else "declared_checksum": checksum} if name else {}
