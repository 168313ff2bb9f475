"""Deliver the pictures of downloads and users from the hub itself, because the pages show nothing from other hosts."""

from contextlib import closing
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from files.models import Avatar, Blob, PictureSize
from files.policies import picture_policy
from files.storage import blob_storage
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound, StorageUnavailable
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.blob_headers import accelerated, etag_of, protect

WEBP = "image/webp"
# The path of a picture contains the digest of its bytes, so what a cache holds under it never gets old.
PUBLIC = "public, max-age=31536000, immutable, no-transform"
# A right is checked when it is used, so nothing stores a picture of a download that is not public.
PRIVATE = "private, no-store, no-transform"


def find_picture(actor: Actor, public_id: str, width: int, digest: str) -> PictureSize:
    """Return the size of a picture that a path names."""
    rows = PictureSize.objects.select_related("blob", "picture__download__category")
    size = rows.filter(picture__public_id=public_id, width=width).first()
    if size is None or size.blob.path_digest != digest or not picture_policy.can_view(actor, size.picture):
        raise NotFound
    return size


def serve_picture(request: HttpRequest, size: PictureSize) -> HttpResponseBase:
    """Return the bytes, for all caches to keep if every visitor may see them.

    Raises:
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    is_public = picture_policy.can_view(Actor(), size.picture)
    return serve_image(request, size.blob, WEBP, PUBLIC if is_public else PRIVATE)


def serve_avatar(request: HttpRequest, public_id: str, digest: str) -> HttpResponseBase:
    """Return the picture of a user, for all caches to keep.

    Raises:
        NotFound: The user does not exist, or has another picture by now.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    rows = Avatar.objects.select_related("blob")
    avatar = first_or_not_found(rows.filter(user__public_id=public_id))
    if avatar.blob.path_digest != digest:
        raise NotFound
    return serve_image(request, avatar.blob, WEBP, PUBLIC)


def serve_image(request: HttpRequest, blob: Blob, content_type: str, caching: str) -> HttpResponseBase:
    """Return an image that the hub has encoded itself, so that its type is certain."""
    etag = etag_of(blob)
    response: Any = get_conditional_response(request, etag=etag) or _image(blob, content_type)
    response["ETag"] = etag
    response["Cache-Control"] = caching
    protect(response)
    return response


def _image(blob: Blob, content_type: str) -> HttpResponse:
    """Let the front server send the bytes, or read them here: they are few, on S3 as well."""
    if blob.state == Blob.State.MISSING:
        raise StorageUnavailable("The stored bytes of this picture are missing or damaged.")
    if settings.ACCEL_REDIRECT and settings.STORAGE_KIND == "local":
        return accelerated(blob, content_type)
    with closing(blob_storage().open(blob.storage_key)) as handle:
        return HttpResponse(handle.read(), content_type=content_type)
