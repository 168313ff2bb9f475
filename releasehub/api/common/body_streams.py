"""The streams of request bodies, and whether they were complete."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError

from releasehub.core.requests import IS_CHUNKED

Context = Mapping[str, Any] | None


class CountedStream:
    """A stream that counts its bytes, so that a truncated body can be told from a complete one.

    After an early error, `drain` continues to read up to `drained_bytes`: a client that is still sending its body could
    not read the response.
    """

    drained_bytes = 64 * 1024 * 1024
    chunk_bytes = 256 * 1024

    def __init__(self, stream: IO[Any]) -> None:
        self._read = stream.read
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._read(size)
        self.count += len(data)
        return data

    def drain(self) -> None:
        end = self.count + self.drained_bytes
        while self.count < end and self.read(self.chunk_bytes):
            pass


def takes_files(context: Context) -> bool:
    view = (context or {}).get("view")
    return getattr(view, "action", None) in getattr(view, "file_actions", ())


def is_cut(context: Context, count: int) -> bool:
    """Return whether fewer bytes arrived than declared. The server itself refuses a chunked body without its end."""
    return IS_CHUNKED not in (context or {})["request"].META and count < declared_length(context)


def declared_length(context: Context) -> int:
    """Return the declared length of the body in bytes, or more than any limit if it is unknown."""
    meta = (context or {})["request"].META
    try:
        return int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise ParseError("Content-Length is not a number.") from error
