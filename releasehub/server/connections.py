"""Limits on the connections of a web process that Granian lacks: slow readers, and many connections of one address.

Granian closes a connection that sends no request within `--http1-header-read-timeout`. It has no limit for a client
that reads its response slowly, and none for the connections of one client address. The kernel knows how many bytes a
client has received and how long it has been silent, so the sockets of the process are examined every second. This works
on Linux only; on other systems no connection is closed.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import socket
import struct
import termios
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from releasehub.core.requests import network_of

log = logging.getLogger(__name__)

DESCRIPTORS = Path("/proc/self/fd")
LOOK_EVERY_SECONDS = 1.0
ESTABLISHED, LISTENING = 1, 10
# `struct tcp_info` of Linux: state, milliseconds since data last arrived, and bytes that the peer has acknowledged.
TCP_INFO_BYTES, SILENT_OFFSET, CONFIRMED_OFFSET = 128, 52, 120
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
Peer = tuple[str, int]


@dataclass(frozen=True)
class Connection:
    """A connection of a client.

    The client has acknowledged `taken_bytes`. `waiting_bytes` were sent after them and are not acknowledged yet.
    """

    peer: Peer
    waiting_bytes: int = 0
    taken_bytes: int = 0
    silent_milliseconds: int = 0


@dataclass(frozen=True)
class Window:
    """A period of measurement. At `started_at`, the client had acknowledged `taken_bytes`."""

    started_at: float
    taken_bytes: int


class Watch:
    """The decision about which connections to close.

    Args:
        is_answering: Returns True while a request of the given peer is being handled.
        is_proxy: Returns True if the given address is a trusted proxy.
    """

    def __init__(self, is_answering: Callable[[Peer], bool], is_proxy: Callable[[str], bool]) -> None:
        self.is_answering = is_answering
        self.is_proxy = is_proxy
        self._windows: dict[Peer, Window] = {}

    def slow_readers(self, connections: Iterable[Connection], now: float) -> list[Connection]:
        """Return the connections that stayed below the minimum rate for a whole window although data was waiting."""
        before, self._windows = self._windows, {}
        slow = []
        for connection in connections:
            if not connection.waiting_bytes:
                continue
            window = before.get(connection.peer)
            if window is None or connection.taken_bytes < window.taken_bytes:
                window = Window(now, connection.taken_bytes)
            if now - window.started_at >= settings.ANSWER_STALL_SECONDS:
                least = settings.ANSWER_STALL_SECONDS * settings.ANSWER_MIN_BYTES_PER_SECOND
                if connection.taken_bytes - window.taken_bytes < least:
                    slow.append(connection)
                    continue
                window = Window(now, connection.taken_bytes)
            self._windows[connection.peer] = window
        return slow

    def excess(self, connections: Iterable[Connection]) -> list[Connection]:
        """Return the connections that an address has beyond its limit.

        Idle connections are closed first, beginning with the one that has been silent longest. A proxy holds the
        connections of all clients behind it, so it has no limit here.
        """
        limit = settings.CONNECTIONS_PER_ADDRESS
        by_network: dict[str, list[Connection]] = defaultdict(list)
        for connection in connections:
            if limit and not self.is_proxy(connection.peer[0]):
                by_network[network_of(connection.peer[0])].append(connection)
        return [
            connection
            for of_network in by_network.values()
            if len(of_network) > limit
            for connection in sorted(of_network, key=self._worth)[: len(of_network) - limit]
        ]

    def _worth(self, connection: Connection) -> tuple[bool, int]:
        return bool(connection.waiting_bytes) or self.is_answering(connection.peer), -connection.silent_milliseconds


async def watch_connections(watch: Watch) -> None:
    """Close the connections that `watch` selects, once per second until this coroutine is canceled."""
    if not DESCRIPTORS.exists() or not hasattr(socket, "TCP_INFO"):
        log.warning(
            "This operating system does not report how fast clients read, so slow readers and idle "
            "connections are not limited."
        )
        return
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        try:
            close_given_up(watch)
        except Exception:
            log.exception("The open connections could not be inspected. The next attempt is in one second.")


def close_given_up(watch: Watch) -> None:
    """Examine the connections of this process once, and close those that `watch` selects."""
    sockets = dict(_connections())
    try:
        slow, excess = watch.slow_readers(sockets, time.monotonic()), watch.excess(sockets)
        for connection in {*slow, *excess}:
            _close(sockets[connection])
        if slow or excess:
            log.warning(
                "Closed %d connections that read too slowly and %d connections that exceeded the limit per IP address.",
                len(slow),
                len(excess),
            )
    finally:
        # A duplicate that stays open would keep its connection alive after Granian has closed it.
        for duplicate in sockets.values():
            duplicate.close()


def _connections() -> Iterator[tuple[Connection, socket.socket]]:
    """Yield the connections of clients, each with a duplicate of its socket that the caller has to close."""
    with_states = list(_tcp_sockets())
    ports = {duplicate.getsockname()[1] for duplicate, info in with_states if info[0] == LISTENING}
    for duplicate, info in with_states:
        connection = None
        if info[0] == ESTABLISHED:
            with suppress(OSError):  # the connection was closed in the meantime
                connection = _connection_of(duplicate, info) if duplicate.getsockname()[1] in ports else None
        if connection is None:
            duplicate.close()
        else:
            yield connection, duplicate


def _tcp_sockets() -> Iterator[tuple[socket.socket, bytes]]:
    """Yield a duplicate of each TCP socket of this process, with the kernel's information about it.

    The descriptors belong to Granian, whose threads can close them at any time. Working on duplicates ensures that a
    number which is reused in the meantime cannot make this code close another connection.
    """
    for name in os.listdir(DESCRIPTORS):
        with suppress(OSError):  # its owner has closed it in the meantime
            if not os.readlink(DESCRIPTORS / name).startswith("socket:"):
                continue
            duplicate = _open_socket(os.dup(int(name)))
            try:
                info = duplicate.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
            except OSError:  # a socket of another protocol
                duplicate.close()
            else:
                yield duplicate, info


def _open_socket(handle: int) -> socket.socket:
    try:
        return socket.socket(fileno=handle)
    except OSError:  # the descriptor was closed and reused for something else in the meantime
        os.close(handle)
        raise


def _connection_of(duplicate: socket.socket, info: bytes) -> Connection:
    host, port = duplicate.getpeername()[:2]
    waiting_bytes = struct.unpack("i", fcntl.ioctl(duplicate, termios.TIOCOUTQ, bytes(4)))[0]
    (silent,) = struct.unpack_from("I", info, SILENT_OFFSET)
    (taken_bytes,) = struct.unpack_from("Q", info, CONFIRMED_OFFSET)
    return Connection((host, port), waiting_bytes, taken_bytes, silent)


def _close(connected: socket.socket) -> None:
    """Shut down the connection, which Granian holds too, and discard the data that still waits for the client."""
    # Both calls act on the socket itself and not on the duplicate of its descriptor, so Granian sees the end of the
    # connection and closes its own descriptor. Without the reset, the kernel would keep the unsent data for minutes.
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connected.shutdown(socket.SHUT_RDWR)
