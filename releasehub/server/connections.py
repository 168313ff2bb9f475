"""Bounds on the connections of a web process that Granian does not have: slow readers, and many of one address.

Granian closes a connection that sends no request for `--http1-header-read-timeout`. It knows no limit for a client that
reads its answer slowly, and none for one client address. The kernel knows how much a client has taken and since when it
is silent, so the sockets of the process are looked at every second. Linux only; elsewhere nothing is closed.
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
# `struct tcp_info` of Linux: the state, the milliseconds since data came in, and the bytes that the peer has confirmed.
TCP_INFO_BYTES, SILENT_OFFSET, CONFIRMED_OFFSET = 128, 52, 120
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
Peer = tuple[str, int]


@dataclass(frozen=True)
class Connection:
    """`waiting_bytes` were sent and not yet confirmed by the client, which has confirmed `taken_bytes` before them."""

    peer: Peer
    waiting_bytes: int = 0
    taken_bytes: int = 0
    silent_milliseconds: int = 0


@dataclass(frozen=True)
class Window:
    """Since `started_at` the client reads; it had taken `taken_bytes` then."""

    started_at: float
    taken_bytes: int


class Watch:
    """Decides which connections have to go. `is_answering` says whether a request of a peer is being answered."""

    def __init__(self, is_answering: Callable[[Peer], bool], is_proxy: Callable[[str], bool]) -> None:
        self.is_answering = is_answering
        self.is_proxy = is_proxy
        self._windows: dict[Peer, Window] = {}

    def slow_readers(self, connections: Iterable[Connection], now: float) -> list[Connection]:
        """Return those that took less than the minimum rate for a whole window while something waited for them."""
        before, self._windows = self._windows, {}
        slow = []
        for found in connections:
            if not found.waiting_bytes:
                continue
            window = before.get(found.peer)
            if window is None or found.taken_bytes < window.taken_bytes:
                window = Window(now, found.taken_bytes)
            if now - window.started_at >= settings.ANSWER_STALL_SECONDS:
                least = settings.ANSWER_STALL_SECONDS * settings.ANSWER_MIN_BYTES_PER_SECOND
                if found.taken_bytes - window.taken_bytes < least:
                    slow.append(found)
                    continue
                window = Window(now, found.taken_bytes)
            self._windows[found.peer] = window
        return slow

    def excess(self, connections: Iterable[Connection]) -> list[Connection]:
        """Return what an address has beyond its limit: idle ones first, and of those the ones that are silent longest.

        A proxy holds the connections of everybody behind it, so it has no limit here.
        """
        limit = settings.CONNECTIONS_PER_ADDRESS
        by_network: dict[str, list[Connection]] = defaultdict(list)
        for found in connections:
            if limit and not self.is_proxy(found.peer[0]):
                by_network[network_of(found.peer[0])].append(found)
        return [
            found
            for held in by_network.values()
            if len(held) > limit
            for found in sorted(held, key=self._worth)[: len(held) - limit]
        ]

    def _worth(self, found: Connection) -> tuple[bool, int]:
        return bool(found.waiting_bytes) or self.is_answering(found.peer), -found.silent_milliseconds


async def watch_connections(watch: Watch) -> None:
    """Close, every second, the connections that `watch` gives up. Runs until it is cancelled."""
    if not DESCRIPTORS.exists() or not hasattr(socket, "TCP_INFO"):
        log.warning("This system does not tell how clients read. Slow readers and idle connections are not limited.")
        return
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        try:
            close_given_up(watch)
        except Exception:
            log.exception("The connections could not be looked at. The next try is in a second.")


def close_given_up(watch: Watch) -> None:
    """Look at the connections of this process once, and close those that `watch` gives up."""
    held = dict(_connections())
    try:
        slow, excess = watch.slow_readers(held, time.monotonic()), watch.excess(held)
        for found in {*slow, *excess}:
            _close(held[found])
        if slow or excess:
            log.warning(
                "Closed connections: %d read too slowly, %d were more than one address may have.",
                len(slow),
                len(excess),
            )
    finally:
        for connected in held.values():
            connected.close()


def _connections() -> Iterator[tuple[Connection, socket.socket]]:
    """Yield the connections of clients, each with a handle of its own that the caller closes."""
    with_states = list(_tcp_sockets())
    ports = {found.getsockname()[1] for found, info in with_states if info[0] == LISTENING}
    for found, info in with_states:
        connection = None
        if info[0] == ESTABLISHED:
            with suppress(OSError):  # closed just now
                connection = _described(found, info) if found.getsockname()[1] in ports else None
        if connection is None:
            found.close()
        else:
            yield connection, found


def _tcp_sockets() -> Iterator[tuple[socket.socket, bytes]]:
    """Yield a handle to each TCP socket of this process and what the kernel says of it."""
    for name in os.listdir(DESCRIPTORS):
        with suppress(OSError):  # closed meanwhile by whoever owns it
            if not os.readlink(DESCRIPTORS / name).startswith("socket:"):
                continue
            found = _opened(os.dup(int(name)))
            try:
                info = found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
            except OSError:  # of another protocol
                found.close()
            else:
                yield found, info


def _opened(handle: int) -> socket.socket:
    try:
        return socket.socket(fileno=handle)
    except OSError:  # the descriptor became something else just now
        os.close(handle)
        raise


def _described(found: socket.socket, info: bytes) -> Connection:
    host, port = found.getpeername()[:2]
    waiting = struct.unpack("i", fcntl.ioctl(found, termios.TIOCOUTQ, bytes(4)))[0]
    (silent,) = struct.unpack_from("I", info, SILENT_OFFSET)
    (taken,) = struct.unpack_from("Q", info, CONFIRMED_OFFSET)
    return Connection((host, port), waiting, taken, silent)


def _close(connected: socket.socket) -> None:
    """End the connection for Granian, which holds it too, and drop what still waits for the client."""
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connected.shutdown(socket.SHUT_RDWR)
