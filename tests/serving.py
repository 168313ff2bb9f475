"""Servers that tests run in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import BaseServer

POLL_SECONDS = 0.01


class Acceptor:
    """Passes every connection of a listening socket to `handle`, one after the other, until it is closed."""

    def __init__(self, listener: socket.socket, handle: Callable[[socket.socket], None]) -> None:
        self._listener = listener
        self._handle = handle
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the socket after the thread has ended.

        The next socket gets the same number, and a thread that still calls `accept` would take its connections.
        """
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._handle(connection)


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serve requests during the block, however it ends, and close the server."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
