"""The pictures of downloads and users."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.distribution.pictures import find_picture, serve_avatar, serve_picture
from releasehub.pages.viewers import fetcher_of


@require_safe
def picture(request: HttpRequest, public_id: str, width: int, digest: str) -> HttpResponseBase:
    """Serve one size of a picture to everybody who may see its download."""
    with suppress(NotFound):
        # The session stays unread for what is public, because no cache stores a response that depends on a cookie.
        return serve_picture(request, find_picture(Actor(), public_id, width, digest))
    return serve_picture(request, find_picture(fetcher_of(request), public_id, width, digest))


@require_safe
def avatar(request: HttpRequest, public_id: str, digest: str) -> HttpResponseBase:
    return serve_avatar(request, public_id, digest)
