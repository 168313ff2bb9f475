"""The pictures of downloads and users, and social cards.

Social cards are the pictures that chats and social networks show beside a link to a download.
"""

from contextlib import closing, suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from downloads.models import Download
from downloads.policies import download_policy
from files.models import Blob, PictureSize
from files.pictures.cards import card_blob, store_card
from files.storage import blob_storage
from releasehub.core.actor import Actor
from releasehub.core.counting import count
from releasehub.core.errors import NotFound, TooMany
from releasehub.distribution.pictures import PUBLIC, find_picture, serve_avatar, serve_image, serve_picture
from releasehub.pages.card_drawing import Card, draw_card
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


WINDOW_SECONDS = 60
MAX_DRAWN_PER_MINUTE = 120


def card_of(download: Download) -> Card | None:
    """Return the values of the card, or None if not everybody may see the download."""
    if not download_policy.can_view(Actor(), download):
        return None
    return Card(
        title=download.title,
        fallback=download.slug,
        tag_line=download.tag_line,
        icon_path=download.picture_path("icon"),
        site_name=settings.SITE_NAME,
        accent=settings.ACCENT_COLOR,
    )


def card_path(download: Download, card: Card) -> str:
    return reverse("pages:social-card", kwargs={"public_id": download.public_id, "digest": card.digest})


@require_safe
def social_card(request: HttpRequest, public_id: str, digest: str) -> HttpResponseBase:
    """Serve the card of a public download, and draw it if it has changed. An outdated path leads to the current one."""
    download = Download.objects.select_related("category").filter(public_id=public_id).first()
    card = card_of(download) if download else None
    if download is None or card is None:
        raise NotFound
    if digest != card.digest:
        return redirect(card_path(download, card))
    return serve_image(request, card_blob(download, digest) or _draw(download, card), "image/png", PUBLIC)


def _draw(download: Download, card: Card) -> Blob:
    if count(f"card:{download.pk}:{card.digest}", WINDOW_SECONDS) > 1:
        raise TooMany("This picture is being drawn. Try again in a moment.", wait=2)
    if count("cards", WINDOW_SECONDS) > MAX_DRAWN_PER_MINUTE:
        raise TooMany("The hub draws many pictures at the moment. Try again in a minute.", wait=WINDOW_SECONDS)
    return store_card(download, card.digest, draw_card(card, _icon(download), settings.CARD_FONT))


def _icon(download: Download) -> bytes:
    sizes = PictureSize.objects.filter(picture__download=download, picture__kind="icon").select_related("blob")
    largest = sizes.order_by("width").last()
    if largest is None or largest.blob.state != Blob.State.STORED:
        return b""
    with closing(blob_storage().open(largest.blob.storage_key)) as handle:
        return handle.read()
