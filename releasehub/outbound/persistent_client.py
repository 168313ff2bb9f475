"""An outbound client that reuses its connection."""

import time
from collections.abc import Mapping
from dataclasses import replace

import urllib3
from urllib3.exceptions import ProtocolError

from releasehub.outbound.connections import Deadline
from releasehub.outbound.exchange import OpenResponse, open_response, send_over
from releasehub.outbound.failures import translate_errors
from releasehub.outbound.requests import Request, build_request
from releasehub.outbound.responses import Response, read_response

KEEP_ALIVE_SECONDS = 10.0

ConnectionKey = tuple[str, str, int, bool]  # scheme, host, port, whether TLS is verified


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
        request = replace(build_request(method, url, headers, body), verify_tls=verify_tls)
        self._deadline.restart(total_seconds)
        try:
            opened = self._send_reused(request) or self._open(request)
            response = read_response(opened, read_limit)
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

    def _send_reused(self, request: Request) -> OpenResponse | None:
        """Send over the open connection. Return None if there is none for this target, or the server has closed it."""
        if self._pool is not None and self._key == _connection_key(request) and time.monotonic() < self._expires_at:
            with translate_errors():
                try:
                    return send_over(self._pool, request, self._deadline)
                except ProtocolError as error:
                    if not _is_dropped(error):
                        raise
        self.close()
        return None

    def _open(self, request: Request) -> OpenResponse:
        opened = open_response(request, 0, self._deadline)
        self._pool, self._key = opened.pool, _connection_key(request)
        self._expires_at = time.monotonic() + KEEP_ALIVE_SECONDS
        return opened


def _connection_key(request: Request) -> ConnectionKey:
    target = request.target
    return target.scheme, target.host, target.port, request.verify_tls


def _is_dropped(error: ProtocolError) -> bool:
    """Return whether the server closed the connection, as servers do with idle connections."""
    return isinstance(error.args[-1], ConnectionError)
