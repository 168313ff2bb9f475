"""Send one request to a checked IP address, and follow its redirects."""

from dataclasses import dataclass

import urllib3
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from releasehub.outbound.connections import Deadline, pool_to
from releasehub.outbound.failures import Refused, Unreachable, translate_errors
from releasehub.outbound.lookup import allowed_addresses
from releasehub.outbound.redirects import redirect_of
from releasehub.outbound.requests import Request
from releasehub.outbound.urls import Target

CONNECT_SECONDS = 3.0
MAX_ADDRESSES_TRIED = 3


@dataclass(frozen=True)
class OpenResponse:
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


def open_response(request: Request, follow_redirects: int, deadline: Deadline) -> OpenResponse:
    for _ in range(follow_redirects + 1):
        with translate_errors():
            opened = _connect_and_send(request, deadline)
        if not follow_redirects:
            return opened
        try:
            redirected = redirect_of(request, opened.response)
        except Refused:
            opened.close()
            raise
        if redirected is None:
            return opened
        opened.close()
        request = redirected
    raise Unreachable("The server redirects too many times. Enter the final URL.")


def _connect_and_send(request: Request, deadline: Deadline) -> OpenResponse:
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


def _send_to(address: str, request: Request, deadline: Deadline) -> OpenResponse:
    pool = pool_to(address, request.target, deadline, verify_tls=request.verify_tls)
    try:
        return send_over(pool, request, deadline)
    except BaseException:
        pool.close()
        raise


def send_over(pool: urllib3.HTTPConnectionPool, request: Request, deadline: Deadline) -> OpenResponse:
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
    return OpenResponse(request.target, response, pool, deadline)
