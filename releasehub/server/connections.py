"""Limits on the connections of a web process that Granian lacks: slow readers, and many connections of one address.

Granian closes a connection that sends no request within `--http1-header-read-timeout`. It has no limit for a client
that reads its response slowly, and none for the connections of one client address. The kernel knows how many bytes a
client has received and how long it has been silent, so the sockets of the process are examined every second. This works
on Linux only; on other systems no connection is closed.
"""

import asyncio
import logging
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings

from releasehub.core.requests import network_of
from releasehub.server.sockets import DESCRIPTORS, Connection, Peer, open_connections, reset_connection

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Window:
    """A period of measurement. At `started_at`, the client had acknowledged `taken_bytes`."""

    started_at: float
    taken_bytes: int


class ConnectionWatch:
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


async def watch_connections(watch: ConnectionWatch) -> None:
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


def close_given_up(watch: ConnectionWatch) -> None:
    """Examine the connections of this process once, and close those that `watch` selects."""
    sockets = dict(open_connections())
    try:
        slow, excess = watch.slow_readers(sockets, time.monotonic()), watch.excess(sockets)
        for connection in {*slow, *excess}:
            reset_connection(sockets[connection])
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
