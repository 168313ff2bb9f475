"""HTTP connections to one given IP address, with one deadline for the whole request and response."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from functools import cache
from http import HTTPStatus
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from releasehub.outbound.urls import Target

IDLE_SECONDS = 30.0
MAX_HEAD_BYTES = 65536
MAX_HEADER_BYTES = 8192
HEAD_SECONDS = 40.0
RATE_SECONDS = 30.0


class Deadline:
    """The time limit for a whole request and its response."""

    def __init__(self, seconds: float, *, min_bytes_per_second: float = 0) -> None:
        self.restart(seconds)
        self._min_rate = min_bytes_per_second
        self._waited_seconds, self._arrived_bytes = 0.0, 0

    def note_read(self, size_bytes: int, seconds: float) -> None:
        """Note that the next bytes have arrived after so many seconds.

        The limit of the whole time alone would allow a server to occupy a thread for hours with a byte now and then.

        Raises:
            TimeoutError: In RATE_SECONDS of waiting, fewer bytes have arrived than the minimum.
        """
        self._waited_seconds += seconds
        self._arrived_bytes += size_bytes
        if self._waited_seconds >= RATE_SECONDS:
            if self._arrived_bytes < self._min_rate * self._waited_seconds:
                raise TimeoutError
            self._waited_seconds, self._arrived_bytes = 0.0, 0

    def restart(self, seconds: float) -> None:
        """Set a new time limit for the next request over the same connection."""
        self._started = time.monotonic()
        self._expires_at = self._started + seconds

    def elapsed_seconds(self) -> float:
        return time.monotonic() - self._started

    def remaining_seconds(self) -> float:
        """Return the remaining time, which is always more than 0."""
        seconds = self._expires_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def pool_to(address: str, target: Target, deadline: Deadline, *, verify_tls: bool = True) -> urllib3.HTTPConnectionPool:
    """Return a pool with at most one connection, which goes to this IP address without another lookup of the name."""
    options: dict[str, Any] = {"maxsize": 1, "deadline": deadline}
    if target.scheme == "http":
        return _PlainPool(address, target.port, **options)
    if not verify_tls:
        return _UnverifiedTlsPool(
            address,
            target.port,
            ssl_context=_unverified_context(),
            cert_reqs="CERT_NONE",
            assert_hostname=False,
            server_hostname=target.host,
            **options,
        )
    return _TlsPool(
        address,
        target.port,
        ssl_context=_tls_context(),
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,  # for SNI, and the name that the certificate must have
        **options,
    )


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@cache
def _unverified_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _TimedConnection(HTTPConnection):
    """A connection with a time limit for the whole exchange. A limit per packet would allow endless slow responses."""

    def __init__(self, *args: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline = deadline
        self._started: _TimedResponse | None = None

    def response_class(self, *args: Any, **options: Any) -> _TimedResponse:  # type: ignore[override]
        """Return the response that `http.client` starts to read, and keep it until its head is accepted."""
        self._started = _TimedResponse(*args, deadline=self._deadline, **options)
        return self._started

    def getresponse(self) -> Any:
        """Return the response, or close its socket if urllib3 does not accept the head.

        A response without a valid length owns the socket, so closing the connection would leave it open.
        """
        try:
            return super().getresponse()
        except BaseException:
            if self._started is not None:
                self._started.close()
            raise
        finally:
            self._started = None

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # Before each write, because a socket timeout limits a single operation only and would start again with each.
        self.sock.settimeout(self._deadline.remaining_seconds())
        super().send(data)


class _TimedTlsConnection(_TimedConnection, HTTPSConnection):
    """A `_TimedConnection` over TLS."""


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


class _UnverifiedTlsPool(_TlsPool):
    def _validate_conn(self, conn: Any) -> None:
        """Connect without the warning of the library, because somebody has deliberately disabled verification."""
        if conn.is_closed:
            conn.connect()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._reader = _TimedReader(sock, self.fp.detach(), deadline)
        self.fp = _HeaderReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.is_in_head = False
        if self.status == HTTPStatus.NO_CONTENT:  # it has no body, even if its headers announce one
            self.chunked, self.length = False, 0

    def _read_status(self) -> Any:
        """Skip all interim responses, such as 103 Early Hints. `http.client` skips only 100."""
        status_line = super()._read_status()  # type: ignore[misc]
        while HTTPStatus.SWITCHING_PROTOCOLS < status_line[1] < HTTPStatus.OK:
            http.client.parse_headers(self.fp)
            status_line = super()._read_status()  # type: ignore[misc]
        return status_line

    def _read_next_chunk_size(self) -> int:
        """Refuse negative sizes. `http.client` takes -1 for everything that follows, and reads that into memory."""
        size = int(super()._read_next_chunk_size())  # type: ignore[misc]
        if size < 0:
            raise http.client.HTTPException("negative chunk size")
        return size


class _HeaderReader(io.BufferedReader):
    """Refuses long headers, also if they are folded: the parser of `http.client` takes quadratic time for some."""

    _header_bytes = 0

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        is_folded = line.startswith((b" ", b"\t"))
        self._header_bytes = len(line) + (self._header_bytes if is_folded else 0)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise http.client.HTTPException("header too long")
        return line


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the deadline, and at most MAX_HEAD_BYTES for the head of the response."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, deadline: Deadline) -> None:
        super().__init__()
        self.is_in_head = True
        self._head_bytes = 0
        self._head_until = time.monotonic() + HEAD_SECONDS
        self._sock = sock
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        started = time.monotonic()
        self._sock.settimeout(min(IDLE_SECONDS, self._deadline.remaining_seconds(), self._remaining_head_seconds()))
        count = self._raw.readinto(buffer)
        if not self.is_in_head:
            self._deadline.note_read(count or 0, time.monotonic() - started)
        else:
            self._head_bytes += count or 0
            # http.client limits the length and number of header lines, but not the number of interim (100) responses.
            if self._head_bytes > MAX_HEAD_BYTES:
                raise http.client.HTTPException("head too large")
        return count

    def _remaining_head_seconds(self) -> float:
        """Return the remaining time for the head; the body has none of its own."""
        seconds = self._head_until - time.monotonic() if self.is_in_head else IDLE_SECONDS
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def close(self) -> None:
        self._raw.close()
        super().close()
