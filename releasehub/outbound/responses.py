"""Responses of the outbound client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from releasehub.outbound.exchange import OpenResponse


@dataclass(frozen=True)
class Response:
    """A response.

    Attributes:
        url: The URL of the last request, after redirects.
        headers: The headers. Their names are case-insensitive.
        is_truncated: Whether the body may be longer than the limit.
        seconds: The duration of the whole exchange.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_truncated: bool
    seconds: float


class StreamedResponse:
    """A response whose body is read in chunks, inside the context of `fetch`."""

    def __init__(self, opened: OpenResponse, chunk_bytes: int) -> None:
        self.url = opened.target.url
        self.status = opened.response.status
        self.headers: Mapping[str, str] = opened.response.headers
        self._opened = opened
        self._chunk_bytes = chunk_bytes

    def chunks(self) -> Iterator[bytes]:
        """Yield the body in chunks, without decompressing it.

        Raises:
            Unreachable: The body ends early, or the time is over.
        """
        while chunk := self._opened.read(self._chunk_bytes):
            yield chunk


def read_response(opened: OpenResponse, limit: int) -> Response:
    body = bytearray()
    while len(body) < limit and (chunk := opened.read(limit - len(body))):
        body += chunk
    return Response(
        url=opened.target.url,
        status=opened.response.status,
        headers=opened.response.headers,
        body=bytes(body),
        is_truncated=opened.has_more(),
        seconds=opened.deadline.elapsed_seconds(),
    )
