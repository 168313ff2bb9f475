"""Responses with the bytes of a blob: a redirect to the storage, the front server, or a stream with byte ranges.

Every response is an attachment, so that a browser never runs an uploaded file on the hub's origin.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirectBase
from django.utils.cache import get_conditional_response
from django.utils.http import parse_http_date_safe

from files.links import MAGNET
from files.models import Blob
from files.storage import blob_storage
from releasehub.core.errors import StorageUnavailable
from releasehub.core.requests import HAS_SPOOL_ROOM
from releasehub.distribution.blob_headers import accelerated, describe, etag_of
from releasehub.distribution.gate import Toll
from releasehub.distribution.ranges import Span, Unsatisfiable, requested_spans
from releasehub.distribution.streams import LocalFileResponse, MultipartResponse, RemoteFileResponse

ACTIVE_TYPES = frozenset({"text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml"})
BINARY = "application/octet-stream"
# The server can send one range of a stored file without a copy. Several ranges are first written to a temporary file,
# so that slow readers block no thread. This bounds its size; for more than this, the whole file is sent instead.
MAX_MULTIPART_BYTES = 64 * 1024 * 1024


class HttpResponseFound(HttpResponseRedirectBase):
    """A 302 redirect that accepts only http and https URLs, and magnet links."""

    status_code = 302
    allowed_schemes = ["http", "https", MAGNET]

    def __init__(self, url: str) -> None:
        super().__init__(url, content_type="text/plain; charset=utf-8")  # an empty page would have a language


@dataclass(frozen=True)
class DeliveryOptions:
    """Options of an interface whose responses differ from the usual ones.

    Attributes:
        redirects: Redirect to the storage if it can sign URLs. Otherwise this process sends the bytes, for clients that
            do not follow a redirect to another host.
        media_type: The media type to send instead of that of the blob.
    """

    redirects: bool = True
    media_type: str = ""

    def type_of(self, blob: Blob) -> str:
        return self.media_type or served_type(blob)


USUAL = DeliveryOptions()


def respond_with_blob(
    request: HttpRequest, filename: str, blob: Blob, toll: Toll | None = None, options: DeliveryOptions = USUAL
) -> HttpResponseBase:
    """Return the complete response for a blob, with its descriptive and protective headers."""
    ensure_whole(blob)
    response = _send(request, filename, blob, toll, options)
    describe(response, filename, blob)
    return response


def ensure_whole(blob: Blob) -> None:
    """Raise StorageUnavailable if a check has found that the stored bytes are missing or damaged."""
    if blob.state == Blob.State.MISSING:
        raise StorageUnavailable(
            "The stored bytes of this file are missing or damaged. Ask the operator of this hub to restore them."
        )


def served_type(blob: Blob) -> str:
    """Return the media type to send. Types that a browser could execute become application/octet-stream."""
    return BINARY if blob.mime_type in ACTIVE_TYPES else blob.mime_type


def _send(
    request: HttpRequest, filename: str, blob: Blob, toll: Toll | None, options: DeliveryOptions
) -> HttpResponseBase:
    """Choose the way for the bytes: a redirect to the storage, the front server, or a stream from this process.

    The access key is charged on each way only when bytes will really be sent: a 304 response, for example, is free.
    """
    seconds = toll.url_seconds if toll else settings.SIGNED_URL_SECONDS
    content_type = options.type_of(blob)
    url = blob_storage().signed_url(blob.storage_key, filename=filename, content_type=content_type, seconds=seconds)
    if url is not None and options.redirects:
        if toll:
            toll.pay()
        redirect = HttpResponseFound(url)
        redirect["Cache-Control"] = "private, no-store"  # A cached redirect would outlive the signed URL in it.
        return redirect
    # The bytes of a blob never change, so its creation time is a valid Last-Modified, and its SHA-256 a strong ETag.
    modified = int(blob.created_at.timestamp())
    fallback = get_conditional_response(request, etag=etag_of(blob), last_modified=modified)
    if fallback is not None:
        return fallback
    if settings.ACCEL_REDIRECT and url is None:
        # The front server decides about ranges, so this process cannot know how many bytes will be sent. To HEAD, it
        # sends none.
        if toll and request.method != "HEAD":
            toll.pay()
        return accelerated(blob, content_type)
    return _stream(request, blob, modified, toll, content_type=content_type, is_local=url is None)


def _stream(
    request: HttpRequest, blob: Blob, modified: int, toll: Toll | None, *, content_type: str, is_local: bool
) -> HttpResponseBase:
    """Stream the blob or the requested ranges of it from this process.

    A storage that is not local sends one range at a time, so several ranges are answered with the whole file.
    """
    response: HttpResponseBase
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
    if len(spans) > 1 and not (is_local and _may_be_copied(request, sum(span.length for span in spans))):
        spans = []
    parts = spans or [Span(0, blob.size_bytes)]
    if toll:
        toll.pay(sum(part.length for part in parts))
    handle = blob_storage().open(blob.storage_key, parts[0].start)
    if len(parts) > 1:
        return MultipartResponse(handle, parts, size_bytes=blob.size_bytes, content_type=content_type)
    response = (LocalFileResponse if is_local else RemoteFileResponse)(handle, parts[0], content_type=content_type)
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
    is_same = not condition or condition == etag_of(blob) or parse_http_date_safe(condition) == modified
    return request.headers.get("Range", "") if is_same else ""
