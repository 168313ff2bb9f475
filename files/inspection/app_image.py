"""Read what an AppImage says about updates: where its update information is, and the block map at its end.

Source: the AppImage specification, section "Update information"; the ELF format, "Sections"; electron-builder, which
appends a block map in raw deflate and its size in four bytes.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import IO

ENDING = ".appimage"
MAX_SECTIONS = 200
MAX_NAMES_BYTES = 64 * 1024
MAX_INFORMATION_BYTES = 1024
MAX_BLOCK_MAP_BYTES = 16 * 1024 * 1024
MAX_UNPACKED_BYTES = 32 * 1024 * 1024  # a file of 4 GiB has a block map of 10 MiB
_CHUNK_BYTES = 256 * 1024
_MAGIC = b"\x7fELF"
_MARK = slice(8, 11)
_MARKS = (b"AI\x01", b"AI\x02")
_SECTION_NAME = b".upd_info"
_SIZE_BYTES = 4
_BLOCK_MAP_START = b'{"version":'


@dataclass(frozen=True)
class AppImage:
    """The statements of an AppImage about updates.

    Attributes:
        update_information: Where AppImageUpdate looks for a newer version; empty if the file does not say.
        block_map_bytes: The size of the packed block map of electron-updater at the end; 0 if there is none.
    """

    update_information: str = ""
    block_map_bytes: int = 0


def read_app_image(handle: IO[bytes], size_bytes: int) -> AppImage | None:
    """Return what the file says about updates, or None if it is not an AppImage. Damaged parts count as missing."""
    head = _read(handle, 0, 64)
    if not head.startswith(_MAGIC) or head[_MARK] not in _MARKS:
        return None
    try:
        information = _update_information(handle, head)
    except struct.error:
        information = ""
    return AppImage(information, _block_map_bytes(handle, size_bytes))


def _update_information(handle: IO[bytes], head: bytes) -> str:
    """Return the text in the section `.upd_info` of the ELF file."""
    order = ">" if head[5] == 2 else "<"
    is_64_bit = head[4] == 2
    start, entry_bytes, count, names_index = _section_table(head, order, is_64_bit=is_64_bit)
    sections = [
        _section(_read(handle, start + index * entry_bytes, 64), order, is_64_bit=is_64_bit)
        for index in range(min(count, MAX_SECTIONS))
    ]
    if names_index >= len(sections):
        return ""
    _, names_start, names_bytes = sections[names_index]
    names = _read(handle, names_start, min(names_bytes, MAX_NAMES_BYTES))
    for name, offset, size in sections:
        if names[name : name + len(_SECTION_NAME) + 1] == _SECTION_NAME + b"\0":
            text = _read(handle, offset, min(size, MAX_INFORMATION_BYTES)).partition(b"\0")[0]
            return "".join(char for char in text.decode("utf-8", "replace").strip() if char.isprintable())
    return ""


def _section_table(head: bytes, order: str, *, is_64_bit: bool) -> tuple[int, int, int, int]:
    """Return where the table of sections starts, the size of an entry, their number, and which one has the names."""
    start = struct.unpack_from(f"{order}{'Q' if is_64_bit else 'I'}", head, 0x28 if is_64_bit else 0x20)[0]
    entry_bytes, count, names_index = struct.unpack_from(f"{order}HHH", head, 0x3A if is_64_bit else 0x2E)
    return start, entry_bytes, count, names_index


def _section(entry: bytes, order: str, *, is_64_bit: bool) -> tuple[int, int, int]:
    """Return the position of the name of a section, and where its bytes start and how many they are."""
    name = struct.unpack_from(f"{order}I", entry, 0)[0]
    form, place = ("QQ", 0x18) if is_64_bit else ("II", 0x10)
    offset, size = struct.unpack_from(f"{order}{form}", entry, place)
    return name, offset, size


def _block_map_bytes(handle: IO[bytes], size_bytes: int) -> int:
    """Return the size of the packed block map, if the last bytes of the file are one."""
    tail = _read(handle, max(size_bytes - _SIZE_BYTES, 0), _SIZE_BYTES)
    packed_bytes = int.from_bytes(tail)
    if not 0 < packed_bytes <= min(MAX_BLOCK_MAP_BYTES, size_bytes - _SIZE_BYTES):
        return 0
    handle.seek(size_bytes - _SIZE_BYTES - packed_bytes)
    return packed_bytes if _is_block_map(io.BytesIO(handle.read(packed_bytes))) else 0


def _is_block_map(packed: IO[bytes]) -> bool:
    """Return whether the bytes are a complete stream of raw deflate that begins like a block map. Takes linear time."""
    unpacker, head, unpacked_bytes = zlib.decompressobj(wbits=-zlib.MAX_WBITS), b"", 0
    try:
        while not unpacker.eof and unpacked_bytes <= MAX_UNPACKED_BYTES:
            chunk = unpacker.unconsumed_tail or packed.read(_CHUNK_BYTES)
            text = unpacker.decompress(chunk, _CHUNK_BYTES)
            if not chunk and not text:
                return False
            head = (head + text)[: len(_BLOCK_MAP_START)]
            if not _BLOCK_MAP_START.startswith(head):
                return False
            unpacked_bytes += len(text)
    except zlib.error:
        return False
    return unpacker.eof and not unpacker.unused_data and head == _BLOCK_MAP_START


def _read(handle: IO[bytes], start: int, length: int) -> bytes:
    """Return the bytes at this place, fewer at the end of the file. Places outside of any file have none."""
    if start >= 2**62:
        return b""
    handle.seek(start)
    return handle.read(length)
