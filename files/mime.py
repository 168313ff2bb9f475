"""Detect the type of content from its bytes. The type that a client declares is never trusted."""

import re
from typing import Any

import filetype

BINARY = "application/octet-stream"
TEXT = "text/plain"
_MARKUP = re.compile(
    rb"\s*+(?:(?><!--.*?-->)\s*+)*+<(!doctype\s+html|html|head|body|script|svg|\?xml)", re.IGNORECASE | re.DOTALL
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


def sniff(head: bytes) -> str:
    """Return the MIME type of content that starts with `head`. The first 8 KiB are enough."""
    if kind := filetype.guess(head):
        return str(kind.mime)
    if markup := _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        return {b"svg": "image/svg+xml", b"?xml": "application/xml"}.get(markup[1].lower(), "text/html")
    return TEXT if head and _is_text(head) else BINARY


def suits(extension: str, head: bytes) -> bool:
    """Return whether the content fits the extension. An extension without a known signature fits any content."""
    matcher = _matcher(extension)
    return matcher is None or bool(matcher.match(bytearray(head)))


def has_signature(extension: str) -> bool:
    """Return whether content with this extension begins with certain bytes."""
    return _matcher(extension) is not None


def _matcher(extension: str) -> Any:
    return filetype.get_type(ext=extension.rpartition(".")[2])


def _is_text(head: bytes) -> bool:
    if any(byte < 32 and byte not in _TEXT_CONTROLS for byte in head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # a character cut at the end of the head
    return True
