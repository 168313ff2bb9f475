"""Decode an untrusted picture, and encode it as WebP in fixed sizes.

This runs as a process of its own, which imports nothing of the hub: a picture that attacks the decoder can use only as
much memory and CPU time as the limits below allow, and it can open nothing, neither the settings nor the database.
`files/pictures/decoding.py` starts it.

Standard input is the picture, and the only argument an object with the fields of `PictureFormat` and `max_pixels`.
Standard output is one line of JSON, followed by the bytes of each size. The JSON has either `refusal`, or `width`,
`height` and `sizes` (width, height and number of bytes of each size).
"""

import copy  # noqa: F401 - for the GIF plugin, see below
import json
import resource
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from typing import Any

# The plugins and what they import are listed, because nothing can be imported once `limit_resources` has run.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

MAX_CAUSE_CHARACTERS = 200
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 15
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
ORIENTATION, FIRST_ROTATED = 0x0112, 5  # EXIF: from 5 on, width and height are exchanged
START_OF_SCAN, MAX_SCANS = b"\xff\xda", 100
QUALITY = 86


class PictureRefused(Exception):
    """The picture is not accepted. The message is a key of `REFUSALS` in `files/pictures/decoding.py`."""


def limit_resources() -> None:
    """Limit this process for good. It can open no file and no socket from now on, whatever code a picture runs."""
    Image.preinit()  # imports the other plugins that `Image.open` insists on
    limits = {resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_NOFILE: 0}
    if sys.platform != "darwin":  # macOS does not support a limit on the address space
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for kind, limit in limits.items():
        _, hard_limit = resource.getrlimit(kind)
        value = limit if hard_limit == resource.RLIM_INFINITY else min(limit, hard_limit)
        resource.setrlimit(kind, (value, value))


def convert(content: bytes, order: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the encoded sizes, the smallest first.

    Raises:
        PictureRefused: The picture has too many pixels, or a JPEG has so many scans that decoding takes minutes.
    """
    Image.MAX_IMAGE_PIXELS = order["max_pixels"]
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    if content.count(START_OF_SCAN) > MAX_SCANS and content.startswith(b"\xff\xd8"):
        raise PictureRefused("too_complex")
    with Image.open(BytesIO(content), formats=FORMATS) as picture:
        if picture.width * picture.height > order["max_pixels"]:
            raise PictureRefused("too_many_pixels")
        orientation = orientation_of(picture)
        full_size = picture.size[::-1] if orientation >= FIRST_ROTATED else picture.size
        shrunk = shrink(picture, order, is_rotated=orientation >= FIRST_ROTATED)
        upright = turn(in_srgb(shrunk, picture.info.get("icc_profile")), orientation)
    pieces = [(size, encode(size)) for size in sizes_of(upright, order)]
    sizes = [(*size.size, len(body)) for size, body in pieces]
    return {"width": full_size[0], "height": full_size[1], "sizes": sizes}, [body for _, body in pieces]


def orientation_of(picture: Image.Image) -> int:
    # Cameras write broken EXIF data into pictures that every program shows, so it must not make a picture invalid.
    with suppress(Exception):
        return int(picture.getexif().get(ORIENTATION, 1))
    return 1


def shrink(picture: Image.Image, order: dict[str, Any], *, is_rotated: bool) -> Image.Image:
    """Decode the picture, and reduce it to the largest size at once, so that later steps need little memory."""
    width = max(order["widths"])
    box = (width, width * order["height_per_width"])
    box = box[::-1] if is_rotated else box
    picture.draft(None, (box[0] * 2, box[1] * 2))  # a JPEG is decoded in a half, a quarter or an eighth of its size
    whole = in_plain_mode(picture)
    whole.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return whole


def in_plain_mode(picture: Image.Image) -> Image.Image:
    """Return the pixels as RGB, RGBA or CMYK."""
    if picture.mode in {"RGB", "RGBA", "CMYK"} and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I"):  # 16 bits for each gray pixel
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    has_alpha = "transparency" in picture.info or picture.mode in {"LA", "La", "PA", "RGBa", "RGBA"}
    return picture.convert("RGBA" if has_alpha else "RGB")


def in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Apply the color profile, and return RGB or RGBA. A broken profile is ignored, as browsers do."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colors = picture.convert("RGB") if alpha else picture
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            colors = ImageCms.profileToProfile(colors, source, target, outputMode="RGB") or colors
    colors = colors.convert("RGB")
    if alpha:
        colors.putalpha(alpha)
    return colors


def turn(picture: Image.Image, orientation: int) -> Image.Image:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture.info = {"exif": exif.tobytes()}
    return ImageOps.exif_transpose(picture)


def sizes_of(picture: Image.Image, order: dict[str, Any]) -> list[Image.Image]:
    """Return the picture in every size that does not enlarge it, the smallest first, and never twice in one width."""
    sizes: dict[int, Image.Image] = {}
    for width in order["widths"]:
        size = picture.copy()
        size.thumbnail((width, width * order["height_per_width"]), Image.Resampling.LANCZOS)
        size = in_square(size) if order["is_square"] else size
        sizes[size.width] = size
    return list(sizes.values())


def in_square(picture: Image.Image) -> Image.Image:
    if picture.width == picture.height:
        return picture
    side = max(picture.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def encode(picture: Image.Image) -> bytes:
    """Return the picture as WebP. Pillow writes no metadata unless it is given as an argument."""
    target = BytesIO()
    picture.save(target, "WEBP", quality=QUALITY, method=4)
    return target.getvalue()


def main() -> None:
    limit_resources()
    bodies: list[bytes] = []
    try:
        header, bodies = convert(sys.stdin.buffer.read(), json.loads(sys.argv[1]))
    except PictureRefused as refusal:
        header = {"refusal": str(refusal)}
    except (MemoryError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        header = {"refusal": "too_many_pixels"}
    except Exception as error:  # decoders raise almost any exception for damaged input
        header = {"refusal": "damaged", "cause": f"{type(error).__name__}: {error}"[:MAX_CAUSE_CHARACTERS]}
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + b"".join(bodies))


if __name__ == "__main__":
    main()
