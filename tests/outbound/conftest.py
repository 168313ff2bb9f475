"""A server on loopback that counts its connections and sends the responses of a test, byte by byte if necessary."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import urllib3.util.connection

from tests.serving import Acceptor

LOOPBACK = ("127.0.0.0/8", "::1/128")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Canary:
    """A test server. It calls `answer` with the socket after it has read a request.

    `requests` has the bytes of all requests. Requests may be concurrent, so `asked.request` has the request that the
    current thread answers.
    """

    def __init__(self, answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self.accepts = 0
        self.requests: list[bytes] = []
        self.asked = threading.local()
        self._answer = answer
        self._tls = tls
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._acceptor = Acceptor(listener, self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._acceptor.close()
        for thread in self._threads:
            thread.join(5)  # some answers never end

    def _accept(self, connection: socket.socket) -> None:
        self.accepts += 1
        self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
        self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            if self._tls is None:
                self._exchange(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as secured:
                    self._exchange(secured)

    def _exchange(self, connection: socket.socket) -> None:
        if request := read_request(connection):
            self.asked.request = request
            self.requests.append(request)
            self._answer(connection)


def read_request(connection: socket.socket) -> bytes:
    """Return the next request as a whole, or nothing if the client has closed the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (piece := connection.recv(65536)):
            return b""
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(lines.get(b"content-length", 0)):
        if not (piece := connection.recv(65536)):
            return b""
        body += piece
    return head + b"\r\n\r\n" + body


@pytest.fixture
def canary() -> Iterator[Callable[..., Canary]]:
    """Return a function that starts a server. It takes the bytes of the response or a function that sends them."""
    started: list[Canary] = []

    def start(answer: bytes | Callable[[socket.socket], None] = OK, tls: ssl.SSLContext | None = None) -> Canary:
        started.append(Canary(answer if callable(answer) else lambda connection: connection.sendall(answer), tls))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def loopback_allowed(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = LOOPBACK


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, list[list[str]]]], list[str]]:
    """Return a function that replaces the resolver by a table, and returns the list of names that get resolved.

    The table has one list of addresses for each lookup of a name. The last one is repeated.
    """
    system = socket.getaddrinfo

    def install(table: dict[str, list[list[str]]]) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
            if host not in table:
                return system(host, port, *args, **options | {"flags": socket.AI_NUMERICHOST})
            lists = table[host]
            answer = lists[min(asked.count(host), len(lists) - 1)]
            asked.append(host)
            if not answer or answer[0].isalpha():
                raise socket.gaierror(socket.EAI_AGAIN if answer else socket.EAI_NONAME, "stub")
            return [row for address in answer for row in system(address, port, type=socket.SOCK_STREAM)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return install


@pytest.fixture
def attempted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of addresses that the client tries to connect to. Every connection is refused."""
    addresses: list[str] = []

    def refuse(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        addresses.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(urllib3.util.connection, "create_connection", refuse)
    return addresses
