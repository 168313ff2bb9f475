"""Template tags that show the pictures of downloads and users."""

from typing import Any
from zlib import crc32

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from downloads.models import Download
from files.models import Picture
from files.pictures.paths import shown
from releasehub.accounts.models import User
from releasehub.pages.pictures import card_of, card_path
from releasehub.pages.templatetags.pages import AVATAR_HUES, avatar

register = template.Library()
CARD_PIXELS = 42


@register.simple_tag
def download_icon(download: Download, pixels: int = CARD_PIXELS, *, is_lazy: bool = True) -> SafeString:
    """Return the icon of a download, or one that is made of its initials and a hue of its own.

    Both are hidden from screen readers, because the title of the download is next to them.
    """
    if "icon" not in download.pictures:
        return avatar(download.title, hue_number(download))
    image = image_of(download.pictures["icon"])
    return format_html(
        '<img class="avatar" src="{}" srcset="{}" sizes="{}px" width="{}" height="{}" alt=""{}>',
        image["src"],
        image["srcset"],
        pixels,
        pixels,
        pixels,
        SafeString(' loading="lazy"') if is_lazy else "",
    )


@register.simple_tag
def user_avatar(user: User | None, pixels: int = CARD_PIXELS) -> SafeString:
    """Return the picture of a user, or one that is made of the initials and a hue of its own.

    Both are hidden from screen readers, because the name of the user is next to them. Without a user, for example for
    what a closed account wrote, the picture is a question mark.
    """
    if user is None or user.anonymized_at is not None:
        return avatar("", 0)
    if not user.avatar_path:
        return avatar(user.get_full_name() or user.username, crc32(user.username.encode()))
    return format_html(
        '<img class="avatar round" src="{}" width="{}" height="{}" alt="" loading="lazy">',
        user.avatar_path,
        pixels,
        pixels,
    )


@register.simple_tag
def social_card_path(download: Download) -> str:
    """Return the path of the picture beside links to a download; empty if not everybody may see the download."""
    card = card_of(download)
    return card_path(download, card) if card else ""


@register.filter
def hue_of(download: Download) -> str:
    """Return the class of the hue that belongs to the slug of a download."""
    return f"hue-{hue_number(download)}"


def hue_number(download: Download) -> int:
    return crc32(download.slug.encode()) % AVATAR_HUES


@register.filter
def cover_of(download: Download) -> dict[str, Any] | None:
    """Return the cover as `image_of` does, or None if the download has none."""
    return image_of(download.pictures["cover"]) if "cover" in download.pictures else None


@register.filter
def as_image(picture: Picture) -> dict[str, Any]:
    """Return a picture whose sizes are loaded, as `image_of` does."""
    return image_of(shown(picture))


def image_of(picture: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an image element.

    `src` is the smallest size and `large` the largest, whose width and height keep the place of the picture.
    """
    sizes = picture["sizes"]
    large, width, height = sizes[-1]
    srcset = ", ".join(f"{path} {size_width}w" for path, size_width, _ in sizes)
    return {
        "src": sizes[0][0],
        "srcset": srcset,
        "large": large,
        "width": width,
        "height": height,
        "alt": picture["alt"],
    }
