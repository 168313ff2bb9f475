"""The sizes and limits of each kind of picture. Pure values."""

from dataclasses import dataclass

MAX_UPLOAD_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 24_000_000
ACCEPTED_FORMATS = "PNG, JPEG, WebP, GIF or AVIF"


@dataclass(frozen=True)
class PictureFormat:
    """The sizes that the hub makes of an uploaded picture.

    Attributes:
        widths: The widths in pixels that are stored. A picture is never enlarged, so a small one has fewer sizes.
        height_per_width: The largest height of each size, as a multiple of its width.
        max_count: How many pictures of this kind a download may have. A new one replaces the only one.
        is_square: Whether transparent borders make the picture a square.
    """

    widths: tuple[int, ...]
    height_per_width: int = 1
    max_count: int = 1
    is_square: bool = False


AVATAR = PictureFormat(widths=(128,), is_square=True)
FORMATS = {
    "icon": PictureFormat(widths=(64, 128, 256), is_square=True),
    "cover": PictureFormat(widths=(640, 1280)),
    "screenshot": PictureFormat(widths=(480, 1280), height_per_width=2, max_count=12),
    "inline": PictureFormat(widths=(1280,), height_per_width=2, max_count=100),
}
