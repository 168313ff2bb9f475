"""Responses that stream the bytes of a stored file: the whole file, one range of it, or several ranges."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.http import StreamingHttpResponse

from releasehub.core.errors import StorageUnavailable
from releasehub.distribution.ranges import Span

CHUNK_BYTES = 256 * 1024


class Chunks:
    """Iterate over the bytes from the position of `handle`, and close it even if the client disconnects first.

    A file that is too short raises an error, so that the client sees a broken transfer and not a truncated file.
    """

    def __init__(self, handle: IO[bytes], length: int) -> None:
        self.handle, self.remaining_bytes = handle, length

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self.remaining_bytes:
            raise StopIteration
        chunk = self.handle.read(min(CHUNK_BYTES, self.remaining_bytes))
        if not chunk:
            raise StorageUnavailable(
                "The stored file is shorter than its recorded size. Tell the operator of this hub."
            )
        self.remaining_bytes -= len(chunk)
        return chunk

    def close(self) -> None:
        self.handle.close()


@dataclass(frozen=True)
class LocalSpan:
    """A byte range of a local file, for a server that can send files itself."""

    path: str
    start: int
    length: int


class LocalFileResponse(StreamingHttpResponse):
    """A streaming response for a stored file. With `local_span` the server sends it without an application thread."""

    def __init__(self, handle: IO[bytes], part: Span, *, content_type: str) -> None:
        super().__init__(Chunks(handle, part.length), content_type=content_type)
        self.local_span = LocalSpan(handle.name, part.start, part.length)


class RemoteFileResponse(StreamingHttpResponse):
    """A streaming response for a file that a storage service sends to this process."""

    def __init__(self, handle: IO[bytes], part: Span, *, content_type: str) -> None:
        super().__init__(Chunks(handle, part.length), content_type=content_type)


class Parts:
    """Iterate over the parts of a multipart body. `close` closes the file even if the iteration has not begun."""

    def __init__(self, handle: IO[bytes], heads: Sequence[bytes], spans: Sequence[Span], end: bytes) -> None:
        self.handle = handle
        self.pieces = self._pieces(heads, spans, end)

    def _pieces(self, heads: Sequence[bytes], spans: Sequence[Span], end: bytes) -> Iterator[bytes]:
        for head, span in zip(heads, spans, strict=True):
            yield head
            self.handle.seek(span.start)
            yield from Chunks(self.handle, span.length)
        yield end

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        self.handle.close()


class MultipartResponse(StreamingHttpResponse):
    """A streaming response with several ranges of a stored file (RFC 9110, section 14.6)."""

    def __init__(self, handle: IO[bytes], spans: Sequence[Span], *, size_bytes: int, content_type: str) -> None:
        # A boundary that the content cannot predict, so no file can contain it. The line break before the first one is
        # optional in MIME, but zsync 0.6 skips a line there. electron-updater accepts both.
        boundary = secrets.token_hex(16)
        heads = [
            f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"
            f"Content-Range: bytes {span.start}-{span.last}/{size_bytes}\r\n\r\n".encode()
            for span in spans
        ]
        end = f"\r\n--{boundary}--\r\n".encode()
        super().__init__(
            Parts(handle, heads, spans, end), status=206, content_type=f"multipart/byteranges; boundary={boundary}"
        )
        self["Content-Length"] = str(sum(map(len, heads)) + sum(span.length for span in spans) + len(end))
