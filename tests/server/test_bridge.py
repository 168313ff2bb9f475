"""A request for which no thread is free is refused at once, in another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from releasehub.server.bridge import Bridge
from releasehub.server.environ import environ_of
from releasehub.server.refusals import REFUSAL, Refusal
from tests.asynchronous import run_coroutine

pytestmark = pytest.mark.embedded
PATIENCE = 60.0


class Answer:
    """The part of Granian's protocol object that the bridge uses for a short response."""

    status = 0

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers = status, dict(headers)


class BlockingApplication:
    """A WSGI application that blocks its thread on every ordinary request."""

    def __init__(self) -> None:
        self.is_running, self.is_over = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get(REFUSAL) == Refusal.OVERLOADED:
            start_response("503 Service Unavailable", [])
            return []
        self.is_running.set()
        self.is_over.wait(PATIENCE)
        start_response("200 OK", [])
        return []


def request() -> Any:
    return SimpleNamespace(
        client="127.0.0.1:5000",
        server="127.0.0.1:8000",
        scheme="http",
        http_version="1.1",
        method="GET",
        path="/",
        query_string="",
        headers={},
        authority="localhost",
    )


@pytest.mark.parametrize(("max_waiting", "max_wait_seconds"), [(0, PATIENCE), (9, 0.01)])
def test_request_without_a_thread_is_refused(max_waiting: int, max_wait_seconds: float) -> None:
    application, first, second = BlockingApplication(), Answer(), Answer()

    async def run() -> None:
        bridge = Bridge(
            application,
            threads=1,
            upload_threads=1,
            max_waiting=max_waiting,
            max_wait_seconds=max_wait_seconds,
            address_of=lambda environ: "127.0.0.1",
            is_proxy=lambda address: False,
        )
        running = asyncio.create_task(bridge.__rsgi__(request(), first))
        await asyncio.to_thread(application.is_running.wait, PATIENCE)
        await bridge.__rsgi__(request(), second)
        assert (first.status, second.status) == (0, 503)
        assert "connection" not in second.headers  # the client can use it again
        application.is_over.set()
        await running
        assert first.status == 200

    run_coroutine(run())


@pytest.mark.parametrize(("authority", "host"), [(None, "header.example"), ("target.example:81", "target.example:81")])
def test_host_of_an_absolute_request_target_replaces_the_header(authority: str | None, host: str) -> None:
    scope = request()
    scope.headers, scope.authority = {"host": "header.example"}, authority
    assert environ_of(scope)["HTTP_HOST"] == host
