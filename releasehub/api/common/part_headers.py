"""Headers of the parts of a multipart form: they are converted to UTF-8, because Django ignores all others."""

import re
from collections.abc import Callable
from email.errors import HeaderParseError
from email.header import decode_header
from email.header import make_header as join_words

END = b"\r\n\r\n"
MAX_HEADER_BYTES = 16 * 1024
ENCODED_WORDS = re.compile(r"(=\?[\w-]+(\*[\w-]+)?\?[BbQq]\?[^?\s]*\?=\s*)+", re.ASCII)


class Utf8Headers:
    """A stream over a multipart body in which the headers of all parts are UTF-8.

    Names of fields and files that are not valid UTF-8 are read as Windows-1252, which contains Latin-1. This is what
    programs send that write the bytes of their code page.
    """

    def __init__(self, read: Callable[[int], bytes], boundary: bytes) -> None:
        self._read = read
        self._separator = b"--" + boundary
        self._pending = b""
        self._is_in_header = False
        self._is_at_end = False

    def read(self, size: int) -> bytes:
        """Return about `size` bytes, or an empty string at the end of the body."""
        while not self._is_at_end:
            chunk = self._read(size)
            self._is_at_end = not chunk
            if data := self._convert(self._pending + chunk):
                return data
        return b""

    def _convert(self, data: bytes) -> bytes:
        """Convert the headers in `data`. What may be the beginning of a boundary or a header waits for more bytes."""
        ready, start = [], 0
        while (end := data.find(mark := END if self._is_in_header else self._separator, start)) >= 0:
            piece = data[start:end]
            ready += [to_utf8(piece) if self._is_in_header else piece, mark]
            self._is_in_header, start = not self._is_in_header, end + len(mark)
        rest = data[start:]
        if self._is_at_end or (self._is_in_header and len(rest) > MAX_HEADER_BYTES):
            self._is_in_header, kept = False, 0
        else:
            kept = len(rest) if self._is_in_header else min(len(rest), len(self._separator) - 1)
        self._pending = rest[len(rest) - kept :]
        return b"".join([*ready, rest[: len(rest) - kept]])


def to_utf8(header: bytes) -> bytes:
    try:
        header.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return header
    try:
        return header.decode("cp1252").encode()
    except UnicodeDecodeError:  # five bytes have no meaning in Windows-1252, but are control characters in Latin-1
        return header.decode("latin-1").encode()


def decode_words(name: str) -> str:
    """Return a file name whose encoded words (RFC 2047), as some mail libraries write them, are decoded.

    A name like that cannot be meant literally, because the hub accepts no question marks in names.
    """
    if not ENCODED_WORDS.fullmatch(name):
        return name
    try:
        return str(join_words(decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeError):
        return name
