"""Deliver file contents: redirect to the storage, hand over to the front server, or stream with byte ranges.

Every response is an attachment, so that a browser never runs an uploaded file on the hub's origin.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirectBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe

from downloads.models import AccessKey
from files.links import MAGNET
from files.models import Blob, DownloadIcon, File
from files.names import content_disposition
from files.storage import blob_storage
from files.storage.signing import sign_content_path
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound, StorageUnavailable
from releasehub.core.requests import HAS_SPOOL_ROOM
from releasehub.distribution.counting import record_download_event
from releasehub.distribution.gate import ensure_may_download, pay_with_key, record_refusal
from releasehub.distribution.ranges import Span, Unsatisfiable, requested_spans
from releasehub.distribution.streams import LocalFileResponse, MultipartResponse
from releasehub.distribution.traffic import report_traffic
from versions.models import Version

ACTIVE_TYPES = frozenset({"text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml"})
PARTIAL_CONTENT = 206
SUCCESS_STATUSES = frozenset({200, 206, 302})
BINARY = "application/octet-stream"
# Anyone who has a signed URL of the storage can use it. This is long enough to follow the redirect, and too short to
# pass the URL on.
URL_SECONDS_OF_LIMITED_KEY = 30
FILE, ICON = "file", "icon"
# The server can send one range of a stored file without a copy. Several ranges are first written to a temporary file,
# so that slow readers block no thread. This bounds its size; for more than this, the whole file is sent instead.
MAX_MULTIPART_BYTES = 64 * 1024 * 1024
HEADER_SAFE = "".join(chr(code) for code in range(0x20, 0x7F)).replace("%", "")
# Proxies may otherwise recompress images and compress files, and then the digests no longer match.
NO_TRANSFORM = "no-transform"
YANKED_HEADER = "X-ReleaseHub-Yanked"


class HttpResponseFound(HttpResponseRedirectBase):
    """A 302 redirect that accepts only http and https URLs, and magnet links."""

    status_code = 302
    allowed_schemes = ["http", "https", MAGNET]


def serve_file(request: HttpRequest, file: File, actor: Actor) -> HttpResponseBase:
    """Return the response that delivers `file` to the client, and record the download event.

    Raises:
        NotFound: The actor may not see the file.
        Denied: The actor may see the file, but not download it.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    response: HttpResponseBase
    with report_traffic(request, actor, file) as report, record_refusal(actor, file):
        key = ensure_may_download(actor, file)
        # Permission first, payment later: a response without bytes, such as 304 or 416, must not cost a use.
        toll = Toll(request, key, file)
        if file.blob is None:
            response = HttpResponseFound(_target_of(file))
            toll.pay()
        else:
            response = _answer(request, file.filename, file.blob, toll)
        if response.status_code in SUCCESS_STATUSES:
            report.begin(is_whole=response.status_code != PARTIAL_CONTENT)
    if response.status_code in SUCCESS_STATUSES:
        record_download_event(request, file)
    warn_of_yank(response, file.version)
    return response


def warn_of_yank(response: HttpResponseBase, version: Version) -> None:
    """Add a header with the reason if the version was yanked. Yanked files can still be downloaded."""
    if version.is_yanked:
        response[YANKED_HEADER] = header_text(version.yank_reason or "yanked")


def header_text(text: str) -> str:
    """Return at most 200 characters in one line, with `%` and all characters outside ASCII percent-encoded as UTF-8."""
    return quote(" ".join(text.split())[:200], safe=HEADER_SAFE, errors="replace")


@dataclass(frozen=True)
class Toll:
    """The charge for one download: a use of the access key, if the key has a limited number of uses."""

    request: HttpRequest
    key: AccessKey | None
    file: File

    @property
    def url_seconds(self) -> int:
        """Return the lifetime of a signed storage URL. It is short for a key with limited uses."""
        is_limited = self.key is not None and self.key.uses_left is not None
        return URL_SECONDS_OF_LIMITED_KEY if is_limited else settings.SIGNED_URL_SECONDS

    def pay(self, granted_bytes: int | None = None) -> None:
        """Charge the key before the bytes are sent. Without `granted_bytes`, charge for the whole file.

        Raises:
            KeyRefused: No use is left.
        """
        pay_with_key(self.request, self.key, self.file, granted_bytes)


@dataclass(frozen=True)
class Address:
    """A signed URL that needs no credentials. A path without a host refers to this hub."""

    url: str
    expires_at: datetime


def signed_address(request: HttpRequest, file: File, actor: Actor) -> Address:
    """Return a signed URL of the file that expires soon. Requesting it counts as a download.

    Raises:
        NotFound: The actor may not see the file.
        Denied: The actor may see the file, but not download it.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    with report_traffic(request, actor, file) as report:
        with record_refusal(actor, file):
            key = ensure_may_download(actor, file)
            pay_with_key(request, key, file)
        if file.blob is None:
            address = Address(_target_of(file), timezone.now() + timedelta(seconds=settings.SIGNED_URL_SECONDS))
        else:
            _ensure_whole(file.blob)
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
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    if kind == ICON:
        alive = Q(download__deleted_at=None)
        row: Any = DownloadIcon.objects.select_related("blob").filter(alive, pk=row_id).first()
    else:
        # A signature cannot be revoked, so the state of the file is checked again: deleted or failed files are refused.
        alive = Q(version__deleted_at=None, version__download__deleted_at=None, blob__isnull=False)
        files = File.objects.select_related("blob", "version").exclude(validation_status=File.Validation.FAILED)
        row = files.filter(alive, pk=row_id).first()
    if row is None:
        raise NotFound
    response = _answer(request, row.filename, row.blob)
    if kind == FILE:
        warn_of_yank(response, row.version)
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


def _answer(request: HttpRequest, filename: str, blob: Blob, toll: Toll | None = None) -> HttpResponseBase:
    """Return the complete response for a blob, with its descriptive and protective headers."""
    _ensure_whole(blob)
    response = _send(request, filename, blob, toll)
    _describe(response, filename, blob)
    return response


def _ensure_whole(blob: Blob) -> None:
    """Raise StorageUnavailable if a check has found that the stored bytes are missing or damaged."""
    if blob.state == Blob.State.MISSING:
        raise StorageUnavailable(
            "The stored bytes of this file are missing or damaged. Ask the operator of this hub to restore them."
        )


def served_type(blob: Blob) -> str:
    """Return the media type to send. Types that a browser could execute become application/octet-stream."""
    return BINARY if blob.mime_type in ACTIVE_TYPES else blob.mime_type


def _send(request: HttpRequest, filename: str, blob: Blob, toll: Toll | None) -> HttpResponseBase:
    """Choose the way for the bytes: a redirect to the storage, the front server, or a stream from this process.

    The access key is charged on each way only when bytes will really be sent: a 304 response, for example, is free.
    """
    seconds = toll.url_seconds if toll else settings.SIGNED_URL_SECONDS
    url = blob_storage().signed_url(
        blob.storage_key, filename=filename, content_type=served_type(blob), seconds=seconds
    )
    if url is not None:
        if toll:
            toll.pay()
        redirect = HttpResponseFound(url)
        redirect["Cache-Control"] = "private, no-store"  # A cached redirect would outlive the signed URL in it.
        return redirect
    # The bytes of a blob never change, so its creation time is a valid Last-Modified, and its SHA-256 a strong ETag.
    modified = int(blob.created_at.timestamp())
    fallback = get_conditional_response(request, etag=_etag(blob), last_modified=modified)
    if fallback is not None:
        return fallback
    if settings.ACCEL_REDIRECT:
        # The front server decides about ranges, so this process cannot know how many bytes will be sent.
        if toll:
            toll.pay()
        accelerated = HttpResponse(content_type=served_type(blob))
        accelerated["X-Accel-Redirect"] = f"{settings.ACCEL_REDIRECT.rstrip('/')}/{quote(blob.storage_key)}"
        return accelerated
    return _stream(request, blob, modified, toll)


def _stream(request: HttpRequest, blob: Blob, modified: int, toll: Toll | None) -> HttpResponseBase:
    """Stream the blob or the requested ranges of it from this process."""
    response: HttpResponseBase
    content_type = served_type(blob)
    if request.method == "HEAD":  # describes the whole file: ranges are defined for GET only (RFC 9110, section 14.2)
        response = HttpResponse(content_type=content_type)
        response["Content-Length"] = str(blob.size_bytes)
        return response
    try:
        spans = requested_spans(_range_header(request, blob, modified), blob.size_bytes)
    except Unsatisfiable:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{blob.size_bytes}"
        return response
    if len(spans) > 1 and not _may_be_copied(request, sum(span.length for span in spans)):
        spans = []
    parts = spans or [Span(0, blob.size_bytes)]
    if toll:
        toll.pay(sum(part.length for part in parts))
    handle = blob_storage().open(blob.storage_key, parts[0].start)
    if len(parts) > 1:
        return MultipartResponse(handle, parts, size_bytes=blob.size_bytes, content_type=content_type)
    response = LocalFileResponse(handle, parts[0], content_type=content_type)
    response["Content-Length"] = str(parts[0].length)
    if spans:
        response.status_code = 206
        response["Content-Range"] = f"bytes {parts[0].start}-{parts[0].last}/{blob.size_bytes}"
    return response


def _may_be_copied(request: HttpRequest, size_bytes: int) -> bool:
    """Return whether the server may write so many bytes to a temporary file. Otherwise the whole file is sent."""
    has_room: Callable[[int], bool] | None = request.META.get(HAS_SPOOL_ROOM)
    return size_bytes <= MAX_MULTIPART_BYTES and (has_room is None or has_room(size_bytes))


def _range_header(request: HttpRequest, blob: Blob, modified: int) -> str:
    """Return the `Range` header, or an empty string if `If-Range` names an outdated copy of the file."""
    condition = request.headers.get("If-Range", "")
    is_same = not condition or condition == _etag(blob) or parse_http_date_safe(condition) == modified
    return request.headers.get("Range", "") if is_same else ""


def _describe(response: HttpResponseBase, filename: str, blob: Blob) -> None:
    """Set the digest and name headers, and the headers that keep a browser from executing the file on this site."""
    response["ETag"] = _etag(blob)
    response["Last-Modified"] = http_date(blob.created_at.timestamp())
    response["Accept-Ranges"] = "bytes"
    response["Repr-Digest"] = f"sha-256=:{_base64(blob.sha256)}:, sha-512=:{_base64(blob.sha512)}:"
    response["X-Checksum-SHA256"] = blob.sha256
    response["Content-Disposition"] = content_disposition(filename)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.setdefault("Cache-Control", f"no-cache, {NO_TRANSFORM}")


def _etag(blob: Blob) -> str:
    """Return a strong ETag: the digest of the content, which stays valid if the file moves to another storage."""
    return f'"{blob.sha256}"'


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
