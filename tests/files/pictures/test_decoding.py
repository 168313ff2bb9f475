"""Uploaded pictures are decoded and encoded again, and hostile ones end in an error instead of a busy server."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from files.pictures import decoding
from files.pictures.decoding import decode
from files.pictures.formats import FORMATS
from releasehub.core.errors import Rejected, TooMany
from tests.factories import image_bytes

pytestmark = pytest.mark.embedded
ICON, COVER, SCREENSHOT = (FORMATS[kind] for kind in ("icon", "cover", "screenshot"))


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def png_header(width: int, height: int, pixels: bytes = b"") -> bytes:
    """Return a PNG whose header claims a size that its pixels may not have."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def gif_header(width: int, height: int) -> bytes:
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0" + size + b"\0\x02\x02L\x01\0;"


def repeated_scans() -> bytes:
    """Return a JPEG with so many scans that a decoder would visit each pixel thousands of times."""
    content = image_bytes("JPEG", progressive=True)
    scan = content[content.rfind(b"\xff\xda") : -2]
    return content[:-2] + scan * 3000 + content[-2:]


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_every_accepted_format_becomes_webp_in_fixed_sizes(file_format: str) -> None:
    decoded = decode(image_bytes(file_format, (1600, 1000)), SCREENSHOT)
    assert (decoded.width, decoded.height) == (1600, 1000)
    pictures = [opened(size.content) for size in decoded.sizes]
    assert [(picture.format, picture.size) for picture in pictures] == [("WEBP", (480, 300)), ("WEBP", (1280, 800))]
    assert [(size.width, size.height) for size in decoded.sizes] == [(480, 300), (1280, 800)]


@pytest.mark.parametrize("mode", ["P", "LA", "1", "I;16"])
def test_unusual_pixels_become_rgb(mode: str) -> None:
    assert opened(decode(image_bytes("PNG", mode=mode), COVER).sizes[0].content).mode in {"RGB", "RGBA"}


def test_icon_becomes_square_with_transparent_borders() -> None:
    sizes = decode(image_bytes("PNG", (400, 200)), ICON).sizes
    assert [(size.width, size.height) for size in sizes] == [(64, 64), (128, 128), (256, 256)]
    assert opened(sizes[-1].content).getpixel((128, 2)) == (0, 0, 0, 0)


def test_small_picture_is_not_enlarged() -> None:
    assert [size.width for size in decode(image_bytes("PNG", (100, 100)), ICON).sizes] == [64, 100]
    assert [(size.width, size.height) for size in decode(image_bytes("PNG", (1, 9000)), SCREENSHOT).sizes] == [
        (1, 2560)
    ]


def test_metadata_and_trailing_bytes_are_gone_and_the_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = image_bytes("JPEG", (300, 100), exif=exif, icc_profile=profile) + b"PK\x03\x04 a hidden archive"
    decoded = decode(content, COVER)
    body = decoded.sizes[0].content
    assert (decoded.width, decoded.height) == opened(body).size == (100, 300)
    assert not any(word in body for word in (b"Secret", b"EXIF", b"ICCP", b"hidden archive"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png_header(65_535, 65_535), "too_many_pixels"),
        (gif_header(60_000, 60_000), "too_many_pixels"),
        (png_header(6000, 6000, zlib.compress(bytes(6000 * 4 + 1))), "too_many_pixels"),  # only the first row
        (repeated_scans(), "too_complex"),
        (image_bytes("JPEG", (900, 900))[:3000], "damaged"),
        (image_bytes("PNG", (900, 900))[:600], "damaged"),
        (image_bytes("TIFF"), "damaged"),
        (b"plain text", "damaged"),
        (b"", "damaged"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "vector"),
        (b'<?xml version="1.0"?><svg/>', "vector"),
    ],
    ids=[
        "png header", "gif header", "bomb", "scans", "cut jpeg", "cut png", "tiff", "text", "empty", "svg", "xml",
    ],
)  # fmt: skip
def test_hostile_pictures_are_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode(content, SCREENSHOT)
    assert caught.value.params["reason"] == reason


@pytest.fixture
def replaced_decoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The path of a program that runs instead of the decoder. The test writes it."""
    path = tmp_path / "decoder.py"
    monkeypatch.setattr(decoding, "DECODER", path)
    return path


def test_decoder_that_the_kernel_kills_is_a_refusal(replaced_decoder: Path) -> None:
    replaced_decoder.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Rejected) as caught:
        decode(image_bytes(), COVER)
    assert caught.value.params["reason"] == "too_complex"


def test_decoder_that_cannot_start_is_a_fault_of_the_hub(replaced_decoder: Path) -> None:
    replaced_decoder.write_text("import a_package_that_is_not_installed")
    with pytest.raises(RuntimeError, match="a_package_that_is_not_installed"):
        decode(image_bytes(), COVER)


def test_decoder_does_not_get_the_secrets_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str]] = []
    run = decoding.subprocess.run
    monkeypatch.setenv("RELEASEHUB_SECRET_KEY", "secret")
    monkeypatch.setattr(decoding.subprocess, "run", lambda *a, **k: given.append(k["env"]) or run(*a, **k))
    decode(image_bytes(), COVER)
    assert given[0].keys() <= {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH"}


def test_pictures_beyond_the_waiting_ones_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(decoding, "_places", places)
    with places, pytest.raises(TooMany):
        decode(image_bytes(), COVER)
    assert decode(image_bytes(), COVER).sizes
    assert decode(image_bytes(), COVER).sizes  # the place was given back


def test_decoder_can_open_no_file_while_it_decodes() -> None:
    script = f"import decoder; decoder.limit_resources(); open({str(decoding.DECODER)!r})"
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, cwd=decoding.DECODER.parent, capture_output=True, text=True, check=False)
    assert "Too many open files" in ended.stderr
