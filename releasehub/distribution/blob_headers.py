"""Headers of responses with the bytes of a blob."""

from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.utils.http import http_date

from files.content_disposition import content_disposition
from files.models import Blob
from files.storage.digests import hex_to_base64

# Proxies may otherwise recompress images and compress files, and then the digests no longer match.
NO_TRANSFORM = "no-transform"


def describe(response: HttpResponseBase, filename: str, blob: Blob) -> None:
    """Set the headers that describe the file, and those that protect this site from it."""
    response["ETag"] = etag_of(blob)
    response["Last-Modified"] = http_date(blob.created_at.timestamp())
    response["Accept-Ranges"] = "bytes"
    response["Repr-Digest"] = f"sha-256=:{hex_to_base64(blob.sha256)}:, sha-512=:{hex_to_base64(blob.sha512)}:"
    response["X-Checksum-SHA256"] = blob.sha256
    response["Content-Disposition"] = content_disposition(filename)
    protect(response)
    response.setdefault("Cache-Control", f"no-cache, {NO_TRANSFORM}")


def protect(response: HttpResponseBase) -> None:
    """Set the headers that keep a browser from executing the bytes on this site."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"


def accelerated(blob: Blob, content_type: str) -> HttpResponse:
    """Return a response whose bytes the front server sends."""
    path = f"{settings.ACCEL_REDIRECT.rstrip('/')}/{quote(blob.storage_key)}"
    return HttpResponse(content_type=content_type, headers={"X-Accel-Redirect": path})


def etag_of(blob: Blob) -> str:
    """Return a strong ETag: the digest of the content, which stays valid if the file moves to another storage."""
    return f'"{blob.sha256}"'
