"""The HTTP client for URLs that users have entered. It serves link checks, webhooks, file imports and audit sinks.

To prevent server-side request forgery, the client resolves a host name once, checks all its IP addresses, and connects
to one of the checked addresses. It does the same for every redirect. It uses no proxy and no cookies, does not
decompress, and has one deadline for the whole request. The functions are thread-safe. They open a connection for each
request, while a `PersistentClient` reuses its connection.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from releasehub.outbound.connections import Deadline
from releasehub.outbound.exchange import open_response
from releasehub.outbound.lookup import LOOKUP_SECONDS, allowed_addresses
from releasehub.outbound.requests import build_request, parse_allowed
from releasehub.outbound.responses import Response, StreamedResponse, read_response

MAX_FETCH_REDIRECTS = 5
MIN_BYTES_PER_SECOND = 16 * 1024


def check_target(url: str) -> None:
    """Check whether requests may be sent to a URL, without connecting to it.

    Raises:
        Refused: The URL is invalid or not allowed.
        Unreachable: The host name does not exist.
        LookupFailed: The host name cannot be resolved at the moment.
    """
    allowed_addresses(parse_allowed(url), Deadline(LOOKUP_SECONDS))


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    follow_redirects: int = 0,
    read_limit: int = 65536,
    total_seconds: float = 15,
    verify_tls: bool = True,
) -> Response:
    """Send a request over a new connection, and return the response.

    Args:
        headers: Additional headers. Those that the client sets itself are not allowed.
        follow_redirects: The number of redirects to follow. With 0, a redirect is returned as the response.
        read_limit: The number of bytes of the response body to read.
        total_seconds: The time limit for everything together.
        verify_tls: False accepts every certificate. The allowed IP addresses stay the same.

    Raises:
        Refused: The target is not allowed.
        Unreachable: There was no complete response in time, or there were too many redirects.
    """
    request = replace(build_request(method, url, headers, body), verify_tls=verify_tls)
    opened = open_response(request, follow_redirects, Deadline(total_seconds))
    try:
        return read_response(opened, read_limit)
    finally:
        opened.close()


@contextmanager
def fetch(
    url: str, *, total_seconds: float, headers: Mapping[str, str] | None = None, chunk_bytes: int = 1 << 20
) -> Iterator[StreamedResponse]:
    """Send a GET request whose response body may be large: `with fetch(...) as response`.

    The calling code has to check the status and the size. A redirect to another host gets none of the headers that may
    contain credentials.

    Raises:
        Refused: The target is not allowed.
        Unreachable: There was no response in time, the bytes come too slowly, or there were too many redirects.
    """
    deadline = Deadline(total_seconds, min_bytes_per_second=MIN_BYTES_PER_SECOND)
    opened = open_response(build_request("GET", url, headers, b""), MAX_FETCH_REDIRECTS, deadline)
    try:
        yield StreamedResponse(opened, chunk_bytes)
    finally:
        opened.close()
