"""Connections that go to one judged address and keep to a clock over the whole exchange."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from functools import cache, partial
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from releasehub.outbound.urls import Target

IDLE_SECONDS = 30.0
MAX_HEAD_BYTES = 65536


class Clock:
    """Wall-clock time for a whole exchange."""

    def __init__(self, seconds: float) -> None:
        self.restart(seconds)

    def restart(self, seconds: float) -> None:
        """For the next exchange over the same connection."""
        self._started = time.monotonic()
        self._ends = self._started + seconds

    def passed(self) -> float:
        return time.monotonic() - self._started

    def left(self) -> float:
        """Seconds, always more than 0. Errors: TimeoutError."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def pool_to(address: str, target: Target, clock: Clock, *, verify_tls: bool = True) -> urllib3.HTTPConnectionPool:
    """At most one connection, to that address, whatever the name of the target leads to."""
    options: dict[str, Any] = {"maxsize": 1, "clock": clock}
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
        server_hostname=target.host,  # for SNI, and the name the certificate must have
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
    """Sends and reads within the exchange's time, not within a limit per packet."""

    def __init__(self, *args: Any, clock: Clock, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock = clock
        # http.client only ever calls it.
        self.response_class = partial(_TimedResponse, clock=clock)  # type: ignore[assignment]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self._clock.left())
        super().send(data)


class _TimedTlsConnection(_TimedConnection, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


class _UnverifiedTlsPool(_TlsPool):
    def _validate_conn(self, conn: Any) -> None:
        """Without the warning that the library repeats for each connection: somebody has decided this."""
        if conn.is_closed:
            conn.connect()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, clock: Clock, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._reader = _TimedReader(sock, self.fp.detach(), clock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.is_in_head = False


class _TimedReader(io.RawIOBase):
    """Bytes of a socket while time is left, and no more than MAX_HEAD_BYTES of them for the head."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, clock: Clock) -> None:
        super().__init__()
        self.is_in_head = True
        self._head_bytes = 0
        self._sock = sock
        self._raw = raw
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(IDLE_SECONDS, self._clock.left()))
        count = self._raw.readinto(buffer)
        if self.is_in_head:
            self._head_bytes += count or 0
            if self._head_bytes > MAX_HEAD_BYTES:
                raise http.client.HTTPException("head too large")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
