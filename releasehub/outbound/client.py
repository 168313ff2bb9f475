"""The one HTTP client for addresses other people chose: link probes, webhooks, fetched files.

A name is resolved once, every address it has is judged, and the connection goes to a judged address; a redirect starts
over. No proxy, no cookies, no decompression, and a clock over the whole exchange. Thread safe. A connection serves one
request, but for those of a `Caller`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import urllib3
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

from releasehub.outbound.connections import Clock, pool_to
from releasehub.outbound.failures import Refused, Unreachable, errors_of_ours
from releasehub.outbound.lookup import LOOKUP_SECONDS, judged_addresses
from releasehub.outbound.urls import InvalidUrl, Target, parse_redirect, parse_target

CONNECT_SECONDS = 3.0
KEPT_SECONDS = 10.0
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

Place = tuple[str, str, int, bool]  # scheme, host, port, whether the certificate counts


@dataclass(frozen=True)
class Answer:
    """What came back. `url` is the last one asked; `headers` ignore case; `is_cut` when there was, or may be, more."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    seconds: float


class Download:
    """An answer whose body is read piece by piece, inside `fetch`."""

    def __init__(self, opened: _Opened, chunk_bytes: int) -> None:
        self.url = opened.target.url
        self.status = opened.response.status
        self.headers: Mapping[str, str] = opened.response.headers
        self._opened = opened
        self._chunk_bytes = chunk_bytes

    def chunks(self) -> Iterator[bytes]:
        """The body as sent, never decompressed. Errors: Unreachable when it ends early or the time is over."""
        while chunk := self._opened.read(self._chunk_bytes):
            yield chunk


def check_target(url: str) -> None:
    """Judge a URL without connecting. Errors: Refused; Unreachable for an unknown name; NotLookedUp."""
    judged_addresses(_parse(url), Clock(LOOKUP_SECONDS))


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
) -> Answer:
    """One exchange, with at most `read_limit` bytes of the answer's body. A redirect too many is an answer only at 0.

    Without `verify_tls` any certificate will do; which addresses may be connected to stays the same.

    Errors: Refused; Unreachable.
    """
    request = replace(_request(method, url, headers, body), verify_tls=verify_tls)
    opened = _open(request, follow_redirects, Clock(total_seconds))
    try:
        return _read(opened, read_limit)
    finally:
        opened.close()


class Caller:
    """Sends like `send`, without redirects, and keeps the connection to its last target. For one thread.

    A name is resolved and judged when a connection is made, and again for the first request KEPT_SECONDS later.
    """

    def __init__(self) -> None:
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._clock = Clock(0)
        self._place: Place | None = None
        self._ends = 0.0

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
    ) -> Answer:
        """Once more over a new connection when the one that was kept has ended before any answer.

        Errors: Refused; Unreachable.
        """
        request = replace(_request(method, url, headers, body), verify_tls=verify_tls)
        self._clock.restart(total_seconds)
        try:
            opened = self._ask_again(request) or self._open(request)
            answer = _read(opened, read_limit)
        except BaseException:
            self.close()
            raise
        if answer.is_cut:
            self.close()
        return answer

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
        self._pool = self._place = None

    def _ask_again(self, request: _Request) -> _Opened | None:
        """Over the connection that was kept; None when that leads nowhere any more."""
        if self._pool is not None and self._place == _place(request) and time.monotonic() < self._ends:
            with errors_of_ours():
                try:
                    return _ask_over(self._pool, request, self._clock)
                except ProtocolError as error:
                    if not _is_dropped(error):
                        raise
        self.close()
        return None

    def _open(self, request: _Request) -> _Opened:
        opened = _open(request, 0, self._clock)
        self._pool, self._place, self._ends = opened.pool, _place(request), time.monotonic() + KEPT_SECONDS
        return opened


def _place(request: _Request) -> Place:
    target = request.target
    return target.scheme, target.host, target.port, request.verify_tls


def _is_dropped(error: ProtocolError) -> bool:
    """Whether the other side ended the connection, which it may do to one that is idle."""
    return isinstance(error.args[-1], ConnectionError)


def _read(opened: _Opened, limit: int) -> Answer:
    pieces = bytearray()
    while len(pieces) < limit and (piece := opened.read(limit - len(pieces))):
        pieces += piece
    return Answer(
        url=opened.target.url,
        status=opened.response.status,
        headers=opened.response.headers,
        body=bytes(pieces),
        is_cut=opened.has_more(),
        seconds=opened.clock.passed(),
    )


@contextmanager
def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    follow_redirects: int = 5,
    total_seconds: float,
    chunk_bytes: int = 1 << 20,
) -> Iterator[Download]:
    """GET a large body: `with fetch(...) as download`. The caller judges the status and counts the bytes.

    Errors: Refused; Unreachable.
    """
    opened = _open(_request("GET", url, headers, b""), follow_redirects, Clock(total_seconds))
    try:
        yield Download(opened, chunk_bytes)
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
class _Opened:
    """An answer whose head has come; it owns its connection."""

    target: Target
    response: urllib3.BaseHTTPResponse
    pool: urllib3.HTTPConnectionPool
    clock: Clock

    def read(self, amount: int) -> bytes:
        with errors_of_ours():
            return self.response.read(amount, decode_content=False)

    def has_more(self) -> bool:
        """False only when the end was seen: to be certain otherwise, more than was asked for would have to be read."""
        left = getattr(self.response, "length_remaining", None)
        return bool(left) if left is not None else not self.response.closed

    def close(self) -> None:
        self.response.close()
        self.pool.close()


def _open(request: _Request, follow_redirects: int, clock: Clock) -> _Opened:
    for _ in range(follow_redirects + 1):
        with errors_of_ours():
            opened = _ask(request, clock)
        if not follow_redirects:
            return opened
        try:
            following = _redirected(request, opened.response)
        except Refused:
            opened.close()
            raise
        if following is None:
            return opened
        opened.close()
        request = following
    raise Unreachable("The server redirects too often.")


def _ask(request: _Request, clock: Clock) -> _Opened:
    """Try the judged addresses in turn, for as long as no connection comes about."""
    addresses = judged_addresses(request.target, clock)[:MAX_ADDRESSES_TRIED]
    for position, address in enumerate(addresses, start=1):
        try:
            return _ask_at(address, request, clock)
        except (NewConnectionError, ConnectTimeoutError):
            if position == len(addresses):
                raise
    raise Unreachable("The host name has no address.")


def _ask_at(address: str, request: _Request, clock: Clock) -> _Opened:
    pool = pool_to(address, request.target, clock, verify_tls=request.verify_tls)
    try:
        return _ask_over(pool, request, clock)
    except BaseException:
        pool.close()
        raise


def _ask_over(pool: urllib3.HTTPConnectionPool, request: _Request, clock: Clock) -> _Opened:
    # Half of what is left, because the limit counts twice: once for the connection, once for the TLS handshake.
    connect_seconds = min(CONNECT_SECONDS, clock.left() / 2)
    response = pool.urlopen(
        request.method,
        request.target.path,
        body=request.body or None,
        headers={"User-Agent": "ReleaseHub", **request.headers}
        | {"Host": request.target.authority, "Accept-Encoding": "identity"},
        retries=False,
        redirect=False,
        timeout=urllib3.Timeout(connect=connect_seconds, read=clock.left()),
        preload_content=False,
        decode_content=False,
    )
    return _Opened(request.target, response, pool, clock)


def _redirected(request: _Request, response: urllib3.BaseHTTPResponse) -> _Request | None:
    """The request that follows from a redirect, as browsers make it; None when the answer is final. Errors: Refused."""
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or location is None:
        return None
    try:
        target = parse_redirect(request.target, location)
    except InvalidUrl as exc:
        raise Refused(f"The server redirects to a URL that is not allowed. {exc}") from None
    if request.target.scheme == "https" and target.scheme == "http":
        raise Refused("The server redirects from https to http.")
    request = replace(request, headers=_carried_headers(request, target), target=target)
    is_asked_anew = response.status == 303 or (response.status in {301, 302} and request.method == "POST")
    if not is_asked_anew or request.method in {"GET", "HEAD"}:
        return request
    headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}
    return replace(request, method="GET", headers=headers, body=b"")


def _carried_headers(request: _Request, target: Target) -> Mapping[str, str]:
    before = request.target
    is_upgrade = before.has_default_port and target.has_default_port
    if before.host == target.host and (before.port == target.port or is_upgrade):
        return request.headers
    return {name: value for name, value in request.headers.items() if name.lower() in _CARRIED_TO_OTHER_HOSTS}


def _request(method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> _Request:
    if not _METHOD.fullmatch(method):
        raise Refused("The method is not valid.")
    for name, value in (headers or {}).items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Refused("A header has characters that are not allowed.")
        if name.lower() in _OWN_HEADERS:
            raise Refused(f"The header {name} is set by the hub.")
    return _Request(method, _parse(url), dict(headers or {}), body)


def _parse(url: str) -> Target:
    try:
        return parse_target(url)
    except InvalidUrl as exc:
        raise Refused(str(exc)) from None
