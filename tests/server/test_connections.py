"""Slow readers and the many connections of one address are closed; everybody else stays connected."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from releasehub.server import connections
from releasehub.server.connections import ConnectionWatch, close_given_up
from releasehub.server.sockets import DESCRIPTORS, Connection

pytestmark = pytest.mark.skipif(not DESCRIPTORS.exists(), reason="Only Linux reports how clients read.")
BYTES = b"x" * 65536


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    settings.ANSWER_STALL_SECONDS = 60
    settings.ANSWER_MIN_BYTES_PER_SECOND = 100
    settings.CONNECTIONS_PER_ADDRESS = 3


def new_watch(*answering: int, proxies: tuple[str, ...] = ()) -> ConnectionWatch:
    """`answering`: ports of peers whose requests are being answered."""
    return ConnectionWatch(lambda peer: peer[1] in answering, proxies.__contains__)


def reader(taken: int, *, port: int = 1, waiting: int = 10) -> Connection:
    return Connection(("192.0.2.1", port), waiting, taken)


def idle(port: int, *, host: str = "192.0.2.1", silent: int = 0, waiting: int = 0) -> Connection:
    return Connection((host, port), waiting, 0, silent)


class TestSlowReaders:
    @pytest.mark.parametrize(("taken", "is_slow"), [(0, True), (5_999, True), (6_000, False)])
    def test_the_minimum_rate_holds_for_a_window(self, taken: int, is_slow: bool) -> None:
        watch = new_watch()
        assert watch.slow_readers([reader(1_000_000)], 0) == []
        assert watch.slow_readers([reader(1_000_000 + taken // 2)], 30) == []
        assert bool(watch.slow_readers([reader(1_000_000 + taken)], 60)) is is_slow

    def test_fast_start_does_not_offset_a_slow_period(self) -> None:
        watch = new_watch()
        assert watch.slow_readers([reader(0)], 0) == []
        assert watch.slow_readers([reader(10**9)], 60) == []
        assert watch.slow_readers([reader(10**9 + 10)], 119) == []
        assert watch.slow_readers([reader(10**9 + 10)], 120) != []

    def test_client_without_pending_bytes_is_not_slow(self) -> None:
        watch = new_watch()
        assert watch.slow_readers([reader(0)], 0) == []
        assert watch.slow_readers([reader(10, waiting=0)], 59) == []
        assert watch.slow_readers([reader(10)], 60) == []
        assert watch.slow_readers([reader(10)], 119) == []
        assert watch.slow_readers([reader(10)], 120) != []

    def test_reused_port_starts_a_new_measurement(self) -> None:
        watch = new_watch()
        assert watch.slow_readers([reader(500)], 0) == []
        assert watch.slow_readers([reader(0)], 60) == []


class TestExcess:
    def test_longest_idle_connections_are_closed_first(self) -> None:
        held = [idle(1, silent=5), idle(2, silent=9), idle(3, waiting=1, silent=99), idle(4, silent=99), idle(5)]
        assert [found.peer[1] for found in new_watch(4).excess(held)] == [2, 1]

    def test_connection_limit_applies_to_busy_connections(self) -> None:
        assert len(new_watch(1, 2, 3, 4, 5).excess([idle(port) for port in range(1, 6)])) == 2

    def test_addresses_count_each_for_itself_and_an_ipv6_network_as_one(self) -> None:
        apart = [idle(port, host=f"192.0.2.{port}") for port in range(1, 9)]
        assert new_watch().excess(apart) == []
        assert len(new_watch().excess([idle(port, host=f"2001:db8::{port}") for port in range(1, 9)])) == 5

    def test_a_proxy_has_no_limit(self) -> None:
        held = [idle(port) for port in range(1, 9)]
        assert new_watch(proxies=("192.0.2.1",)).excess(held) == []

    def test_zero_disables_the_limit(self, settings: Any) -> None:
        settings.CONNECTIONS_PER_ADDRESS = 0
        assert new_watch().excess([idle(port) for port in range(1, 9)]) == []


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


class TestSockets:
    """Against sockets of this process, as in a web process."""

    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock()
        monkeypatch.setattr(connections, "time", clock)
        return clock

    @pytest.fixture
    def connect(self) -> Iterator[Any]:
        """Return a function that gives the client's and the server's end of a new connection."""
        with ExitStack() as stack:
            for _ in range(5):  # sockets of another protocol between the others
                for other in socket.socketpair():
                    stack.enter_context(other)
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            for other in socket.socketpair():
                stack.enter_context(other)

            def pair() -> tuple[socket.socket, socket.socket]:
                client = stack.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.settimeout(30)
                client.connect(listener.getsockname())
                served = stack.enter_context(listener.accept()[0])
                served.setblocking(False)
                return client, served

            yield pair

    def is_closed(self, client: socket.socket) -> bool:
        client.setblocking(False)
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def fill(self, served: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                served.send(BYTES)

    def is_ended(self, served: socket.socket) -> bool:
        try:
            served.send(b"x")
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        return False

    def test_connections_above_the_limit_are_closed(self, connect: Any) -> None:
        pairs = [connect() for _ in range(5)]
        close_given_up(new_watch())
        assert sum(self.is_closed(client) for client, _ in pairs) == 2

    def test_a_reader_that_stops_is_closed(self, connect: Any, clock: Clock) -> None:
        (stopped, full), (_, empty) = connect(), connect()
        self.fill(full)
        watch = new_watch()
        close_given_up(watch)
        clock.now = 59
        close_given_up(watch)
        assert not self.is_ended(full)
        clock.now = 60
        close_given_up(watch)
        assert self.is_ended(full)
        assert not self.is_ended(empty)
        assert stopped.fileno() >= 0

    def test_reader_above_the_minimum_rate_is_not_closed(self, connect: Any, clock: Clock) -> None:
        client, full = connect()
        self.fill(full)
        watch = new_watch()
        for clock.now in (0, 60, 120):
            close_given_up(watch)
            assert not self.is_ended(full)
            taken = 0
            while taken < 100_000:
                taken += len(client.recv(65536))

    def test_connections_to_other_servers_are_left_alone(self, connect: Any, clock: Clock) -> None:
        """The client's ends are sockets of this process as well, and beyond the limit."""
        pairs = [connect() for _ in range(3)]
        for client, _ in pairs:
            client.setblocking(False)
            self.fill(client)
        watch = new_watch()
        close_given_up(watch)
        clock.now = 61
        close_given_up(watch)
        for client, _ in pairs:
            assert not self.is_ended(client)
