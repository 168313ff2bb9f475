"""External files: a worker probes each link through the guarded HTTP client, and copies the file on request."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from downloads.rules import rules_of
from files.blobs import keep_upload, release_claim
from files.inspection.content import findings_of
from files.inspection.findings import Finding, is_rejected
from files.inspection.validation import Candidate, max_upload_bytes, validate
from files.links import name_in, provisional_name
from files.mime import sniff
from files.models import Blob, File
from files.names import fold_name
from files.quotas import check_room, lock_quota
from files.services import check_asset_name, lock_file
from files.storage.digests import HEAD_BYTES, NAMES, DeclaredChecksums, Digester
from files.storage.streaming import Receiver
from files.uploads.intake import decide
from releasehub.core.errors import DomainError, ErrorCode, Invalid, NotFound, Rejected
from releasehub.outbound.client import fetch, send
from releasehub.outbound.failures import Refused, Unreachable
from releasehub.outbound.responses import StreamedResponse
from versions.services import lock_version

log = logging.getLogger(__name__)

PROBE_SECONDS = 60.0
COPY_SECONDS = 3600.0
GIVE_UP_AFTER = timedelta(hours=1)
MAX_DIGESTED_BYTES = 256 * 1024 * 1024
RELEASE_PAGE = re.compile(r"https://github\.com/([\w.-]{1,100})/([\w.-]{1,100})/releases/tag/[^/?#]+/?")
NEEDS_RELEASE_PAGE = (
    "The reference is the number of a release asset, but the version has no valid release page. Set the release page "
    "to a URL such as https://github.com/o/r/releases/tag/v1."
)
ASSET_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Learned:
    """Facts that a probe found out about a link. The digests are empty if the file is too large to read.

    `findings`: declared digests that the bytes do not have.
    """

    url: str
    size_bytes: int
    mime_type: str
    sha256: str = ""
    sha512: str = ""
    md5: str = ""
    blob: Blob | None = None
    head: bytes = b""
    findings: tuple[Finding, ...] = ()


class BadLink(Exception):
    """Raised for a link that does not lead to an acceptable file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(f"link.{code}", message)


def probe_link(file_id: int) -> File.Validation | None:
    """Look at the link of a pending file and decide; None when there is nothing to decide (yet).

    A target that does not answer is asked again for an hour.
    """
    rows = File.objects.select_related("version__download__category")
    file: File | None = rows.filter(pk=file_id, validation_status=File.Validation.PENDING, blob=None).first()
    if file is None:
        return None
    stored_name = file.filename
    try:
        url = target_of(file)
        if file.external_reference and stored_name == provisional_name(file.external_reference):
            file.filename = name_in(url)
        learned = _copy(file, url) if file.wants_copy else _look(file, url)
    except Invalid as nameless:
        return decide(file, [Finding("link.name", nameless.message)])
    except BadLink as bad:
        return decide(file, [bad.finding])
    except Refused as refused:
        return decide(file, [Finding("link.refused", refused.reason)])
    except Unreachable as unreachable:
        if file.created_at > timezone.now() - GIVE_UP_AFTER:
            log.info(
                "The link of file %s could not be checked and will be retried. Cause: %s", file_id, unreachable.reason
            )
            return None
        return decide(file, [Finding("link.unreachable", unreachable.reason)])
    return _settle(file, learned, is_renamed=file.filename != stored_name)


def _settle(file: File, learned: Learned, *, is_renamed: bool) -> File.Validation | None:
    values: dict[str, Any] = {"external_url": learned.url, "external_type": learned.mime_type}
    values |= {"external_sha256": learned.sha256, "size_bytes": learned.size_bytes}
    findings = list(learned.findings)
    if learned.sha512:
        values["external_sha512"] = learned.sha512
    if learned.blob is None:
        return _decide_with_name(file, findings, values, learned, is_renamed=is_renamed)
    # The claim on the blob is released only after the file refers to it. In between, garbage collection would delete
    # it.
    try:
        values["blob"] = learned.blob
        findings = findings or findings_of(learned.blob, file.filename)
        return _decide_with_name(file, findings, values, learned, is_renamed=is_renamed)
    finally:
        release_claim(learned.blob)


@transaction.atomic
def _decide_with_name(
    file: File, findings: list[Finding], values: dict[str, Any], learned: Learned, *, is_renamed: bool
) -> File.Validation | None:
    """Decide about the file, and give it the name that was found if that name is free.

    The lock on the version keeps the name free until the commit. Size and first bytes of the file are known only now,
    so the rules of the category are checked here, and a copy is stored only if it fits into the quotas.
    """
    # The version first, then the quota: all writers take these locks in the same order.
    lock_version(file.version)
    if learned.blob is not None:
        lock_quota(file.version.download.owner_id)
        try:
            check_room(file.version.download, learned.size_bytes, besides=file)
        except Rejected as refusal:
            values.pop("blob")
            return decide(file, [BadLink(_code(refusal), refusal.message).finding], **values)
    if is_renamed and not is_rejected(findings):
        try:
            name = check_asset_name(file, file.filename)
        except DomainError as error:
            findings = [*findings, Finding("link.name", error.message)]
        else:
            values |= {"filename": name, "folded_name": fold_name(name)}
    if not is_rejected(findings):
        findings = [*findings, *_broken_rules(file, learned)]
    return decide(file, findings, **values)


def _broken_rules(file: File, learned: Learned) -> list[Finding]:
    version = file.version
    rules = rules_of(version.download.category)
    try:
        validate(
            Candidate(
                version,
                file.filename,
                rules,
                learned.size_bytes,
                learned.head,
                reservation=file,
                is_link_only=learned.blob is None,
            )
        )
    except DomainError as error:
        return [Finding("link.rule", error.message)]
    return []


def _declared_checksums(file: File) -> DeclaredChecksums:
    """Return the declared digests of the file, which the bytes behind the link must match."""
    return DeclaredChecksums([file.external_sha512, file.declared_checksum])


def _differences(checksums: DeclaredChecksums) -> tuple[Finding, ...]:
    return tuple(
        Finding("link.digest", f"The {name.upper()} of the linked file is {actual}, not {text} as declared.")
        for name, text, actual in checksums.differing()
    )


def _look(file: File, url: str) -> Learned:
    """Read size and type of the linked file, and its digests unless it is too large. Nothing is stored.

    Where a digest was declared the file is read to its end, however large.
    """
    checksums = _declared_checksums(file)
    with fetch(url, total_seconds=COPY_SECONDS if checksums else PROBE_SECONDS) as answer:
        size = _declared_size(file, answer)
        digester = Digester()
        for chunk in answer.chunks():
            digester.update(chunk)
            checksums.update(chunk)
            # The declared size may be missing or wrong, so the bytes that really arrive are checked as well.
            _check_size(file, digester.size_bytes)
            is_large = max(size, digester.size_bytes) > MAX_DIGESTED_BYTES
            if is_large and not checksums and len(digester.head) == HEAD_BYTES:
                return Learned(url, size, sniff(digester.head), head=digester.head)
        return Learned(
            url,
            digester.size_bytes,
            sniff(digester.head),
            **vars(digester.result()),
            head=digester.head,
            findings=_differences(checksums),
        )


def _copy(file: File, url: str) -> Learned:
    checksums = _declared_checksums(file)
    with fetch(url, total_seconds=COPY_SECONDS) as answer:
        limit_bytes = _reserve(file, _declared_size(file, answer))
        receiver = Receiver(file.filename, limit_bytes=limit_bytes)
        try:
            for chunk in answer.chunks():
                receiver.write(chunk)
                checksums.update(chunk)
            upload = receiver.finish()
        except Rejected as error:
            receiver.abort()
            raise BadLink("too_large", error.message) from error
        except BaseException:
            receiver.abort()
            raise
    try:
        blob = keep_upload(upload)
    finally:
        upload.discard()
    digests = {name: getattr(blob, name) for name in NAMES}
    return Learned(
        url,
        blob.size_bytes,
        blob.mime_type,
        **digests,
        blob=blob,
        head=upload.head,
        findings=_differences(checksums),
    )


def target_of(file: File) -> str:
    """Return the URL to request. An asset number of a GitHub release page is looked up first.

    Raises:
        BadLink: The release page has no such asset.
        Refused: The guarded client does not allow the URL.
        Unreachable: The host does not respond.
    """
    if not file.external_reference:
        return str(file.external_url)
    return github_asset(file.version.release_page_url, file.external_reference)


def github_asset(release_page: str, number: str) -> str:
    """Return the URL of an asset that a release page lists.

    Raises:
        BadLink: The release page or the asset does not exist.
        Refused: The target is not allowed.
        Unreachable: GitHub does not answer.

    Source: GitHub REST API, "Get a release asset".
    """
    page = RELEASE_PAGE.fullmatch(release_page)
    if page is None or not ASSET_NUMBER.fullmatch(number):
        raise BadLink("reference", NEEDS_RELEASE_PAGE)
    answer = send(
        "GET",
        f"{settings.GITHUB_API}/repos/{page[1]}/{page[2]}/releases/assets/{number}",
        headers={"Accept": "application/vnd.github+json", "User-Agent": "ReleaseHub"},
    )
    if answer.status >= 500 or answer.status in {403, 429}:
        raise Unreachable(f"GitHub responded with status {answer.status}.")
    try:
        url = orjson.loads(answer.body)["browser_download_url"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        url = None
    if not isinstance(url, str) or answer.status != 200:
        raise BadLink("reference", f"The GitHub release {release_page} has no asset {number}.")
    return url


def _declared_size(file: File, answer: StreamedResponse) -> int:
    if answer.status >= 500 or answer.status in {408, 429}:
        raise Unreachable(f"The linked server responded with status {answer.status}.")
    if answer.status != 200:
        raise BadLink("status", f"The link returned status {answer.status} instead of 200. Check the URL.")
    text = answer.headers.get("Content-Length", "")
    size = int(text) if ASSET_NUMBER.fullmatch(text) else 0
    _check_size(file, size)
    return size


def _check_size(file: File, size: int) -> None:
    """Apply the limit of the category to links as well: 0 means no limit, and without one the site's limit applies."""
    limit = rules_of(file.version.download.category).max_file_bytes
    if limit and size > limit:
        raise BadLink("too_large", f"The linked file has at least {size} bytes, but the limit is {limit} bytes.")


@transaction.atomic
def _reserve(file: File, size: int) -> int:
    """Reserve the bytes of a copy before they are fetched, and return the most bytes that it may have; 0: no limit.

    A link that does not tell its size reserves nothing, as an open-ended upload does; its copy is counted when it has
    arrived.

    Raises:
        BadLink: The copy does not fit, or the file was deleted.
    """
    try:
        file = lock_file(file)
    except NotFound as gone:
        raise BadLink("deleted", gone.message) from gone
    version = file.version
    lock_quota(version.download.owner_id)
    try:
        check_room(version.download, max(size, 1), besides=file)
        limit_bytes = max_upload_bytes(version, rules_of(version.download.category), reservation=file)
    except Rejected as refusal:
        raise BadLink(_code(refusal), refusal.message) from refusal
    if limit_bytes and size > limit_bytes:
        raise BadLink(
            "too_large",
            f"The linked file has {size} bytes, but only {limit_bytes} bytes are "
            "left under the limits of this download.",
        )
    File.objects.filter(pk=file.pk).update(size_bytes=size)
    return limit_bytes


def _code(refusal: Rejected) -> str:
    return "quota_exceeded" if refusal.code is ErrorCode.QUOTA_EXCEEDED else "too_large"
