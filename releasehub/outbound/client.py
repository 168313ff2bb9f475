"""The HTTP client for URLs that users have entered. It serves link checks, webhooks, file imports and audit sinks.

To prevent server-side request forgery, the client resolves a host name once, checks all its IP addresses, and connects
to one of the checked addresses. It does the same for every redirect. It uses no proxy and no cookies, does not
decompress, and has one deadline for the whole request. The functions are thread-safe. They open a connection for each
request, while a `PersistentClient` reuses its connection.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import urllib3
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

from releasehub.outbound.connections import Deadline, pool_to
from releasehub.outbound.failures import Refused, Unreachable, translate_errors
from releasehub.outbound.lookup import LOOKUP_SECONDS, allowed_addresses
from releasehub.outbound.urls import InvalidUrl, Target, parse_redirect, parse_target

CONNECT_SECONDS = 3.0
KEEP_ALIVE_SECONDS = 10.0
MAX_ADDRESSES_TRIED = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN_HEADERS = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_CARRIED_TO_OTHER_HOSTS = frozenset({"accept", "content-type", "user-agent"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_METHOD = re.compile(r"[A-Z]+")

ConnectionKey = tuple[str, str, int, bool]  # scheme, host, port, whether TLS is verified


@dataclass(frozen=True)
class Response:
    """A response.

    Attributes:
        url: The URL of the last request, after redirects.
        status: The HTTP status.
        headers: The headers. Their names are case-insensitive.
        body: The body, up to the limit.
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

    def __init__(self, opened: _OpenResponse, chunk_bytes: int) -> None:
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


def is_own_header(name: str) -> bool:
    """Return whether requests set this header themselves, so that the calling code must not."""
    return name.lower() in _OWN_HEADERS


def check_target(url: str) -> None:
    """Check whether requests may be sent to a URL, without connecting to it.

    Raises:
        Refused: The URL is invalid or not allowed.
        Unreachable: The host name does not exist.
        LookupFailed: The host name cannot be resolved at the moment.
    """
    allowed_addresses(_parse(url), Deadline(LOOKUP_SECONDS))


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
        method: The HTTP method.
        url: The URL.
        headers: Additional headers. Those that the client sets itself are not allowed.
        body: The request body.
        follow_redirects: The number of redirects to follow. With 0, a redirect is returned as the response.
        read_limit: The number of bytes of the response body to read.
        total_seconds: The time limit for everything together.
        verify_tls: False accepts every certificate. The allowed IP addresses stay the same.

    Raises:
        Refused: The target is not allowed.
        Unreachable: There was no complete response in time, or there were too many redirects.
    """
    request = replace(_request(method, url, headers, body), verify_tls=verify_tls)
    opened = _open(request, follow_redirects, Deadline(total_seconds))
    try:
        return _read(opened, read_limit)
    finally:
        opened.close()


class PersistentClient:
    """A client that keeps the connection to its last target open. It follows no redirects, and is not thread-safe.

    A host name is resolved and checked for every new connection. A connection is used for KEEP_ALIVE_SECONDS at most,
    so that a changed DNS record takes effect.
    """

    def __init__(self) -> None:
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._deadline = Deadline(0)
        self._key: ConnectionKey | None = None
        self._expires_at = 0.0

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        read_limit: int = 65536,
        total_seconds: float = 15,
        verify_tls: bool = True,
    ) -> Response:
        """Send a request, over the open connection if possible. The arguments are the same as for the function `send`.

        If the server has closed the open connection, the request is sent once more over a new one.

        Raises:
            Refused: The target is not allowed.
            Unreachable: There was no complete response in time.
        """
        request = replace(_request(method, url, headers, body), verify_tls=verify_tls)
        self._deadline.restart(total_seconds)
        try:
            opened = self._send_reused(request) or self._open(request)
            response = _read(opened, read_limit)
        except BaseException:
            self.close()
            raise
        if response.is_truncated:
            self.close()
        return response

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
        self._pool = self._key = None

    def _send_reused(self, request: _Request) -> _OpenResponse | None:
        """Send over the open connection. Return None if there is none for this target, or the server has closed it."""
        if self._pool is not None and self._key == _connection_key(request) and time.monotonic() < self._expires_at:
            with translate_errors():
                try:
                    return _send_over(self._pool, request, self._deadline)
                except ProtocolError as error:
                    if not _is_dropped(error):
                        raise
        self.close()
        return None

    def _open(self, request: _Request) -> _OpenResponse:
        opened = _open(request, 0, self._deadline)
        self._pool, self._key = opened.pool, _connection_key(request)
        self._expires_at = time.monotonic() + KEEP_ALIVE_SECONDS
        return opened


def _connection_key(request: _Request) -> ConnectionKey:
    target = request.target
    return target.scheme, target.host, target.port, request.verify_tls


def _is_dropped(error: ProtocolError) -> bool:
    """Return whether the server closed the connection, as servers do with idle connections."""
    return isinstance(error.args[-1], ConnectionError)


def _read(opened: _OpenResponse, limit: int) -> Response:
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


@contextmanager
def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    follow_redirects: int = 5,
    total_seconds: float,
    chunk_bytes: int = 1 << 20,
) -> Iterator[StreamedResponse]:
    """Send a GET request whose response body may be large: `with fetch(...) as response`.

    The calling code has to check the status and the size.

    Raises:
        Refused: The target is not allowed.
        Unreachable: There was no response in time, or there were too many redirects.
    """
    opened = _open(_request("GET", url, headers, b""), follow_redirects, Deadline(total_seconds))
    try:
        yield StreamedResponse(opened, chunk_bytes)
    finally:
        opened.close()


@dataclass(frozen=True)
class _Request:
    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes
    verify_tls: bool = True


@dataclass(frozen=True)
class _OpenResponse:
    """A response whose head was received. It owns its connection."""

    target: Target
    response: urllib3.BaseHTTPResponse
    pool: urllib3.HTTPConnectionPool
    deadline: Deadline

    def read(self, amount: int) -> bytes:
        with translate_errors():
            return self.response.read(amount, decode_content=False)

    def has_more(self) -> bool:
        """Return whether the body may have more bytes. To be certain, it would have to be read beyond the limit."""
        remaining = getattr(self.response, "length_remaining", None)
        return bool(remaining) if remaining is not None else not self.response.closed

    def close(self) -> None:
        self.response.close()
        self.pool.close()


def _open(request: _Request, follow_redirects: int, deadline: Deadline) -> _OpenResponse:
    for _ in range(follow_redirects + 1):
        with translate_errors():
            opened = _connect_and_send(request, deadline)
        if not follow_redirects:
            return opened
        try:
            redirected = _redirect_of(request, opened.response)
        except Refused:
            opened.close()
            raise
        if redirected is None:
            return opened
        opened.close()
        request = redirected
    raise Unreachable("The server redirects too many times. Enter the final URL.")


def _connect_and_send(request: _Request, deadline: Deadline) -> _OpenResponse:
    """Send the request to the first allowed IP address that accepts a connection."""
    addresses = allowed_addresses(request.target, deadline)[:MAX_ADDRESSES_TRIED]
    # Only a failed connection leads to the next address. Once a request was sent, another attempt could repeat it.
    for position, address in enumerate(addresses, start=1):
        try:
            return _send_to(address, request, deadline)
        except (NewConnectionError, ConnectTimeoutError):
            if position == len(addresses):
                raise
    raise Unreachable("The host name has no IP address. Check its spelling.")


def _send_to(address: str, request: _Request, deadline: Deadline) -> _OpenResponse:
    pool = pool_to(address, request.target, deadline, verify_tls=request.verify_tls)
    try:
        return _send_over(pool, request, deadline)
    except BaseException:
        pool.close()
        raise


def _send_over(pool: urllib3.HTTPConnectionPool, request: _Request, deadline: Deadline) -> _OpenResponse:
    # The timeout applies twice, to the connection and to the TLS handshake, so use half of the remaining time.
    connect_seconds = min(CONNECT_SECONDS, deadline.remaining_seconds() / 2)
    response = pool.urlopen(
        request.method,
        request.target.path,
        body=request.body or None,
        headers={"User-Agent": "ReleaseHub", **request.headers}
        | {"Host": request.target.authority, "Accept-Encoding": "identity"},
        # urllib3 must not retry or redirect by itself: every target has to pass the checks of this module first.
        retries=False,
        redirect=False,
        timeout=urllib3.Timeout(connect=connect_seconds, read=deadline.remaining_seconds()),
        preload_content=False,
        decode_content=False,
    )
    return _OpenResponse(request.target, response, pool, deadline)


def _redirect_of(request: _Request, response: urllib3.BaseHTTPResponse) -> _Request | None:
    """Return the request that a redirect leads to, or None if the response is final.

    The method and the body change in the same way as in browsers.

    Raises:
        Refused: The new target is not allowed.
    """
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or location is None:
        return None
    try:
        target = parse_redirect(request.target, location)
    except InvalidUrl as exc:
        raise Refused(f"The server redirects to an invalid URL. {exc}") from None
    if request.target.scheme == "https" and target.scheme == "http":
        raise Refused("The server redirects from https to http, which is not allowed. Enter a URL that stays on https.")
    request = replace(request, headers=_carried_headers(request, target), target=target)
    becomes_get = response.status == 303 or (response.status in {301, 302} and request.method == "POST")
    if not becomes_get or request.method in {"GET", "HEAD"}:
        return request
    headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}
    return replace(request, method="GET", headers=headers, body=b"")


def _carried_headers(request: _Request, target: Target) -> Mapping[str, str]:
    """Return the headers for the new target. Another host does not get headers that may contain credentials."""
    previous = request.target
    is_upgrade = previous.has_default_port and target.has_default_port
    if previous.host == target.host and (previous.port == target.port or is_upgrade):
        return request.headers
    return {name: value for name, value in request.headers.items() if name.lower() in _CARRIED_TO_OTHER_HOSTS}


def _request(method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> _Request:
    if not _METHOD.fullmatch(method):
        raise Refused("The HTTP method is invalid.")
    for name, value in (headers or {}).items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Refused(f"The header {name!r} contains characters that are not allowed.")
        if name.lower() in _OWN_HEADERS:
            raise Refused(f"The header {name} cannot be set, because the hub sets it itself.")
    return _Request(method, _parse(url), dict(headers or {}), body)


def _parse(url: str) -> Target:
    try:
        return parse_target(url)
    except InvalidUrl as exc:
        raise Refused(str(exc)) from None
