"""Deliver files and icons: check the right, charge the access key, and record the download.

`blob_responses.py` decides how the bytes reach the client.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from downloads.models import AccessKey
from files.models import Blob, DownloadIcon, File
from files.storage import blob_storage
from files.storage.signing import sign_content_path
from releasehub.core.actor import Actor
from releasehub.core.clean import fold_whitespace
from releasehub.core.errors import NotFound, StorageUnavailable
from releasehub.distribution.blob_headers import NO_TRANSFORM
from releasehub.distribution.blob_responses import (
    USUAL,
    DeliveryOptions,
    HttpResponseFound,
    ensure_whole,
    respond_with_blob,
    served_type,
)
from releasehub.distribution.counting import record_download_event
from releasehub.distribution.gate import (
    Toll,
    ensure_may_download,
    record_refusal,
    refuse_quarantined,
    refuse_quarantined_bytes,
)
from releasehub.distribution.traffic import report_traffic
from versions.models import Version

PARTIAL_CONTENT = 206
SUCCESS_STATUSES = frozenset({200, 206, 302})
FILE, ICON = "file", "icon"
HEADER_SAFE = "".join(chr(code) for code in range(0x20, 0x7F)).replace("%", "")
VERSION_HEADER, YANKED_HEADER = "X-ReleaseHub-Version", "X-ReleaseHub-Yanked"


def serve_file(request: HttpRequest, file: File, actor: Actor, options: DeliveryOptions = USUAL) -> HttpResponseBase:
    """Return the response that delivers `file` to the client, and record the download event.

    Raises:
        Denied: The actor may see the file, but not download it.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    with report_traffic(request, actor, file) as report, record_refusal(actor, file):
        response = respond_with_file(request, file, ensure_may_download(actor, file), options)
        if response.status_code in SUCCESS_STATUSES:
            report.begin(is_whole=response.status_code != PARTIAL_CONTENT)
    if response.status_code in SUCCESS_STATUSES:
        record_download_event(request, file)
    describe_version(response, file.version)
    return response


def respond_with_file(
    request: HttpRequest, file: File, key: AccessKey | None, options: DeliveryOptions = USUAL
) -> HttpResponseBase:
    """Return the bytes of the file, or a redirect to its link. `key` is charged, if there is one.

    The caller has checked the permission. Payment comes later: a response without bytes, such as 304 or 416, must not
    cost a use.
    """
    toll = Toll(request, key, file)
    if file.blob is not None:
        return respond_with_blob(request, file.filename, file.blob, toll, options)
    response = HttpResponseFound(_target_of(file))
    toll.pay()
    return response


def describe_version(response: HttpResponseBase, version: Version) -> None:
    """Add a header with the version number and, if the version was yanked, one with the reason.

    The command line takes a response without the version number for that of a different server.
    """
    response[VERSION_HEADER] = header_text(version.number)
    if version.is_yanked:
        response[YANKED_HEADER] = header_text(version.yank_reason or "yanked")


def header_text(text: str) -> str:
    """Return at most 200 characters in one line, with `%` and all characters outside ASCII percent-encoded as UTF-8."""
    return quote(fold_whitespace(text)[:200], safe=HEADER_SAFE, errors="replace")


@dataclass(frozen=True)
class Address:
    """A signed URL that needs no credentials. A path without a host refers to this hub."""

    url: str
    expires_at: datetime


def signed_address(request: HttpRequest, file: File, actor: Actor) -> Address:
    """Return a signed URL of the file that expires soon. Requesting it counts as a download.

    Raises:
        Denied: The actor may see the file, but not download it.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    with report_traffic(request, actor, file) as report:
        with record_refusal(actor, file):
            Toll(request, ensure_may_download(actor, file), file).pay()
        if file.blob is None:
            address = Address(_target_of(file), timezone.now() + timedelta(seconds=settings.SIGNED_URL_SECONDS))
        else:
            ensure_whole(file.blob)
            address = _sign(FILE, file.pk, file.filename, file.blob)
        report.begin(is_whole=True)
    record_download_event(request, file)
    return address


def _target_of(file: File) -> str:
    """Return the external URL of a link.

    Raises:
        StorageUnavailable: A worker has not yet looked up the URL of the release asset.
    """
    if not file.external_url:
        raise StorageUnavailable(
            "The URL of this file is still being looked up on its release page. Try again in a minute."
        )
    return file.external_url


def icon_address(icon: DownloadIcon) -> Address:
    """Return a signed URL of the icon of a download."""
    return _sign(ICON, icon.pk, icon.filename, icon.blob)


def serve_signed(request: HttpRequest, kind: str, row_id: int) -> HttpResponseBase:
    """Deliver the file or icon of a signed URL of this hub. The download was counted when the URL was issued.

    Raises:
        NotFound: The file, version or download was deleted, or the file failed validation.
        Quarantined: A moderator has blocked the bytes.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    if kind == ICON:
        alive = Q(download__deleted_at=None)
        row: Any = DownloadIcon.objects.select_related("blob").filter(alive, pk=row_id).first()
    else:
        # A signature cannot be revoked, so the state of the file is checked again: deleted or failed files are refused.
        alive = Q(version__deleted_at=None, version__download__deleted_at=None, blob__isnull=False)
        files = File.objects.select_related("blob", "version", "quarantine").filter(alive)
        row = files.exclude(validation_status=File.Validation.FAILED).filter(pk=row_id).first()
    if row is None:
        raise NotFound
    # A moderator may have blocked the bytes after the URL was issued.
    if kind == FILE:
        refuse_quarantined(row)
    else:
        refuse_quarantined_bytes(row.blob)
    response = respond_with_blob(request, row.filename, row.blob)
    if kind == FILE:
        describe_version(response, row.version)
    # A shared cache must not serve the URL after it expires.
    response["Cache-Control"] = f"private, no-store, {NO_TRANSFORM}"
    return response


def _sign(kind: str, row_id: int, filename: str, blob: Blob) -> Address:
    """Return a signed URL of the storage, or of this hub if the storage cannot sign URLs."""
    seconds = settings.SIGNED_URL_SECONDS
    expires_at = timezone.now() + timedelta(seconds=seconds)
    url = blob_storage().signed_url(
        blob.storage_key, filename=filename, content_type=served_type(blob), seconds=seconds
    )
    if url is not None:
        return Address(url, expires_at)
    path, until = sign_content_path(kind, row_id, seconds)
    return Address(path, datetime.fromtimestamp(until, tz=UTC))
