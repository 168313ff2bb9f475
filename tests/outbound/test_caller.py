"""The client that keeps its connection: when it is used again, and when not."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from releasehub.outbound import client
from releasehub.outbound.client import Caller
from releasehub.outbound.failures import Refused, Unreachable
from tests.outbound.conftest import read_request

Start = Callable[..., Any]
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

pytestmark = pytest.mark.usefixtures("loopback_allowed")


@pytest.fixture
def caller() -> Iterator[Caller]:
    found = Caller()
    yield found
    found.close()


def keeping(answer: bytes = OK, most: int = 100) -> Callable[[socket.socket], None]:
    """Answers up to `most` requests over one connection, then closes it."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(answer)
        with suppress(OSError):
            for _ in range(most - 1):
                if not read_request(connection):
                    return
                connection.sendall(answer)

    return serve


def test_one_connection_serves_many_requests(canary: Start, caller: Caller) -> None:
    server = canary(keeping())
    answers = [caller.send("POST", server.url, body=b"x" * size) for size in range(1, 6)]
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"hello")}
    assert server.accepts == 1


def test_a_connection_that_was_closed_meanwhile_is_made_again(canary: Start, caller: Caller) -> None:
    server = canary(keeping(most=1))
    assert [caller.send("POST", server.url, body=b"x").status for _ in range(3)] == [200, 200, 200]
    assert (server.accepts, len(server.requests)) == (3, 3)


def test_a_connection_that_is_closed_over_the_request_is_made_again(canary: Start, caller: Caller) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(OK)
        read_request(connection)  # the second request is read and never answered

    server = canary(serve)
    assert [caller.send("POST", server.url, body=b"x").status for _ in range(2)] == [200, 200]
    assert server.accepts == 2


def test_a_new_connection_that_is_closed_is_not_made_again(canary: Start, caller: Caller) -> None:
    server = canary(lambda connection: None)
    with pytest.raises(Unreachable):
        caller.send("POST", server.url, body=b"x")
    assert server.accepts == 1


def test_another_target_gets_a_connection_of_its_own(canary: Start, caller: Caller) -> None:
    first, second = canary(keeping()), canary(keeping())
    for server in (first, second, first):
        assert caller.send("POST", server.url, body=b"x").status == 200
    assert (first.accepts, second.accepts) == (2, 1)


def test_what_was_not_read_to_its_end_is_not_used_again(canary: Start, caller: Caller) -> None:
    server = canary(keeping())
    for _ in range(2):
        assert caller.send("POST", server.url, read_limit=2).is_cut
    assert server.accepts == 2


def test_a_name_is_looked_up_once_for_a_connection(canary: Start, caller: Caller, lookups: Lookups) -> None:
    server = canary(keeping())
    asked = lookups({"hooks.example": [["127.0.0.1"]]})
    for _ in range(3):
        caller.send("POST", f"http://hooks.example:{server.port}/")
    assert (asked, server.accepts) == (["hooks.example"], 1)


def test_a_name_is_judged_again_after_a_while(
    canary: Start, caller: Caller, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "KEPT_SECONDS", 0.0)
    server = canary(keeping())
    asked = lookups({"hooks.example": [["127.0.0.1"], ["10.0.0.1"]]})
    caller.send("POST", f"http://hooks.example:{server.port}/")
    with pytest.raises(Refused):
        caller.send("POST", f"http://hooks.example:{server.port}/")
    assert (len(asked), server.accepts) == (2, 1)


def test_the_time_is_that_of_each_request(canary: Start, caller: Caller) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(OK)
        time.sleep(2)  # no second answer before the sender gives up

    server = canary(serve)
    caller.send("POST", server.url, body=b"x")
    with pytest.raises(Unreachable, match="too long"):
        caller.send("POST", server.url, body=b"x", total_seconds=0.3)
    assert server.accepts == 1
