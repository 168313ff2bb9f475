"""A relay between a client and the hub that stops during an upload, so that a test can kill the client there."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.serving import Acceptor

BLOCK_BYTES = 64 * 1024


class HoldingRelay:
    """Forwards connections, and holds every one that has sent more than `limit` bytes to the hub."""

    def __init__(self, port: int, limit: int) -> None:
        self.target = ("127.0.0.1", port)
        self.limit = limit
        self.held = threading.Event()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.close = Acceptor(listener, self.accept).close

    def accept(self, client: socket.socket) -> None:
        threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as hub:
            answers = threading.Thread(target=self.receive, args=(client, hub), daemon=True)
            answers.start()
            self.send(client, hub)
            answers.join()

    def send(self, client: socket.socket, hub: socket.socket) -> None:
        """Forward until the limit. From there only read, so that the end of the client is noticed and passed on."""
        sent = 0
        with suppress(OSError):
            while data := client.recv(BLOCK_BYTES):
                sent += len(data)
                if sent > self.limit:
                    self.held.set()
                else:
                    hub.sendall(data)
        shut(hub)

    def receive(self, client: socket.socket, hub: socket.socket) -> None:
        with suppress(OSError):
            while data := hub.recv(BLOCK_BYTES):
                client.sendall(data)
        shut(client)


def shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
