"""AppImages: the update information and the block map in them, also in damaged and hostile files."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest

from files.inspection import app_image
from files.inspection.app_image import AppImage, read_app_image
from files.uploads.inspecting import inspect
from tests.factories import make_file

pytestmark = pytest.mark.embedded

INFORMATION = "zsync|https://hub.example/d/app/channel/stable/App-x86_64.AppImage.zsync"
BLOCK_MAP = b'{"version":"2","files":[{"name":"file","offset":0,"checksums":["a"],"sizes":[1]}]}'


def image(information: str = INFORMATION, block_map: bytes = BLOCK_MAP, *, bits: int = 64, order: str = "<") -> bytes:
    """Return a small AppImage with two sections: the names of the sections, and the update information."""
    names, text = b"\0.shstrtab\0.upd_info\0", information.encode().ljust(1024, b"\0")
    is_64_bit = bits == 64
    body_start = 64
    table_start = body_start + len(names) + len(text)
    rows = [(0, 0, 0), (1, body_start, len(names)), (11, body_start + len(names), len(text))]
    head = bytearray(b"\x7fELF" + bytes([2 if is_64_bit else 1, 1 if order == "<" else 2, 1, 0]) + b"AI\x02")
    head = head.ljust(64, b"\0")
    struct.pack_into(f"{order}{'Q' if is_64_bit else 'I'}", head, 0x28 if is_64_bit else 0x20, table_start)
    struct.pack_into(f"{order}HHH", head, 0x3A if is_64_bit else 0x2E, 64 if is_64_bit else 40, len(rows), 1)
    form = f"{order}II16xQQ24x" if is_64_bit else f"{order}II8xII16x"
    sections = b"".join(struct.pack(form, name, 1, start, size) for name, start, size in rows)
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(block_map) + packer.flush() if block_map else b""
    end = packed + len(packed).to_bytes(4) if packed else b"no map here"
    return bytes(head) + names + text + sections + b"squashfs" * 50 + end


def read(content: bytes) -> AppImage | None:
    return read_app_image(io.BytesIO(content), len(content))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_update_information_and_block_map_are_read(bits: int, order: str) -> None:
    content = image(bits=bits, order=order)
    packed_bytes = int.from_bytes(content[-4:])
    assert read(content) == AppImage(INFORMATION, packed_bytes)


def test_image_may_have_neither() -> None:
    assert read(image("", b"")) == AppImage("", 0)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF".ljust(64, b"\0"), b"AI\x02".ljust(64, b"\0")])
def test_other_files_are_no_images(content: bytes) -> None:
    assert read(content) is None


def test_end_that_is_not_a_block_map_is_none() -> None:
    bomb = zlib.compressobj(wbits=-15)
    packed = bomb.compress(bytes(10_000_000)) + bomb.flush()
    for end in (packed, image()[-100:-4], b"{}"):
        content = image("", b"") + end + len(end).to_bytes(4)
        found = read(content)
        assert found is not None
        assert found.block_map_bytes == 0


def test_only_block_maps_are_unpacked_and_only_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (random.Random(1).randbytes(1_000_000), BLOCK_MAP + random.Random(1).randbytes(1_000_000)):
        packer = zlib.compressobj(level=1, wbits=-15)
        packed = io.BytesIO(packer.compress(text) + packer.flush())
        assert app_image._is_block_map(packed) is text.startswith(BLOCK_MAP)
        assert (packed.read() == b"") is text.startswith(BLOCK_MAP)
    packed.seek(0)
    monkeypatch.setattr(app_image, "MAX_UNPACKED_BYTES", 500_000)
    assert not app_image._is_block_map(packed)


def test_every_damaged_file_is_read_without_an_error() -> None:
    randomness, whole = random.Random(16), image()
    for _ in range(500):
        content = bytearray(whole)
        for _ in range(randomness.randrange(1, 8)):
            content[randomness.choice([*range(11, 64), randomness.randrange(64, len(content))])] = randomness.randrange(
                256
            )
        found = read(bytes(content[: randomness.randrange(64, len(content) + 1)]))
        assert found is not None
        assert len(found.update_information) <= 1024


@pytest.mark.django_db
def test_facts_are_stored_with_the_bytes_when_they_are_inspected() -> None:
    file = make_file(name="App.AppImage", content=image())
    assert inspect(file.blob, "App.AppImage") == []
    file.blob.refresh_from_db()
    assert (file.blob.update_information, file.blob.block_map_bytes > 0) == (INFORMATION, True)
