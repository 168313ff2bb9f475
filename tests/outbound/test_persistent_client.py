"""Tests when the persistent client reuses its connection, and when it opens another one."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from releasehub.outbound import persistent_client
from releasehub.outbound.failures import Refused, Unreachable
from releasehub.outbound.persistent_client import PersistentClient
from tests.outbound.conftest import read_request

Start = Callable[..., Any]
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

pytestmark = [pytest.mark.usefixtures("loopback_allowed"), pytest.mark.embedded]


@pytest.fixture
def persistent() -> Iterator[PersistentClient]:
    client = PersistentClient()
    yield client
    client.close()


def keep_alive(answer: bytes = OK, max_requests: int = 100) -> Callable[[socket.socket], None]:
    """Return a server that answers up to `max_requests` requests over one connection and then closes it."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(answer)
        with suppress(OSError):
            for _ in range(max_requests - 1):
                if not read_request(connection):
                    return
                connection.sendall(answer)

    return serve


def test_connection_is_reused(canary: Start, persistent: PersistentClient) -> None:
    server = canary(keep_alive())
    answers = [persistent.send("POST", server.url, body=b"x" * size) for size in range(1, 6)]
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"hello")}
    assert server.accepts == 1


def test_connection_closed_by_the_server_is_replaced(canary: Start, persistent: PersistentClient) -> None:
    server = canary(keep_alive(max_requests=1))
    assert [persistent.send("POST", server.url, body=b"x").status for _ in range(3)] == [200, 200, 200]
    assert (server.accepts, len(server.requests)) == (3, 3)


def test_connection_closed_during_a_request_is_replaced(canary: Start, persistent: PersistentClient) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(OK)
        read_request(connection)  # read the second request, but do not respond

    server = canary(serve)
    assert [persistent.send("POST", server.url, body=b"x").status for _ in range(2)] == [200, 200]
    assert server.accepts == 2


def test_new_connection_closed_by_the_server_is_not_replaced(canary: Start, persistent: PersistentClient) -> None:
    server = canary(lambda connection: None)
    with pytest.raises(Unreachable):
        persistent.send("POST", server.url, body=b"x")
    assert server.accepts == 1


def test_other_target_gets_its_own_connection(canary: Start, persistent: PersistentClient) -> None:
    first, second = canary(keep_alive()), canary(keep_alive())
    for server in (first, second, first):
        assert persistent.send("POST", server.url, body=b"x").status == 200
    assert (first.accepts, second.accepts) == (2, 1)


def test_connection_with_unread_data_is_not_reused(canary: Start, persistent: PersistentClient) -> None:
    server = canary(keep_alive())
    for _ in range(2):
        assert persistent.send("POST", server.url, read_limit=2).is_truncated
    assert server.accepts == 2


def test_host_name_is_resolved_once_per_connection(
    canary: Start, persistent: PersistentClient, lookups: Lookups
) -> None:
    server = canary(keep_alive())
    resolved = lookups({"hooks.example": [["127.0.0.1"]]})
    for _ in range(3):
        persistent.send("POST", f"http://hooks.example:{server.port}/")
    assert (resolved, server.accepts) == (["hooks.example"], 1)


def test_host_name_is_checked_again_after_a_while(
    canary: Start, persistent: PersistentClient, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistent_client, "KEEP_ALIVE_SECONDS", 0.0)
    server = canary(keep_alive())
    resolved = lookups({"hooks.example": [["127.0.0.1"], ["10.0.0.1"]]})
    persistent.send("POST", f"http://hooks.example:{server.port}/")
    with pytest.raises(Refused):
        persistent.send("POST", f"http://hooks.example:{server.port}/")
    assert (len(resolved), server.accepts) == (2, 1)


def test_time_limit_applies_to_each_request(canary: Start, persistent: PersistentClient) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(OK)
        time.sleep(2)  # no second response before the client gives up

    server = canary(serve)
    persistent.send("POST", server.url, body=b"x")
    with pytest.raises(Unreachable, match="too long"):
        persistent.send("POST", server.url, body=b"x", total_seconds=0.3)
    assert server.accepts == 1
