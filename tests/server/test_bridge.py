"""A request for which no thread is free is refused at once, in another thread."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from releasehub.server import spool
from releasehub.server.bridge import Bridge
from releasehub.server.environ import environ_of
from releasehub.server.refusals import REFUSAL
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
        if REFUSAL in environ:
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


def bridge_to(application: Callable[..., Any], max_waiting: int = 9, max_wait_seconds: float = PATIENCE) -> Bridge:
    return Bridge(
        application,
        threads=1,
        upload_threads=1,
        max_waiting=max_waiting,
        max_wait_seconds=max_wait_seconds,
        address_of=lambda environ: "127.0.0.1",
        is_proxy=lambda address: False,
    )


@pytest.mark.parametrize(("max_waiting", "max_wait_seconds"), [(0, PATIENCE), (9, 0.01)])
def test_request_without_a_thread_is_refused(max_waiting: int, max_wait_seconds: float) -> None:
    application, first, second = BlockingApplication(), Answer(), Answer()

    async def run() -> None:
        bridge = bridge_to(application, max_waiting, max_wait_seconds)
        running = asyncio.create_task(bridge.__rsgi__(request(), first))
        await asyncio.to_thread(application.is_running.wait, PATIENCE)
        await bridge.__rsgi__(request(), second)
        assert (first.status, second.status) == (0, 503)
        assert "connection" not in second.headers  # the client can use it again
        application.is_over.set()
        await running
        assert first.status == 200

    run_coroutine(run())


def test_the_body_of_an_upload_beyond_the_limit_is_received_after_its_refusal() -> None:
    """Otherwise, a program that sends the whole body first would report a broken pipe instead of the 503."""

    class Upload(Answer):
        waiting = 3

        def __aiter__(self) -> Upload:
            return self

        async def __anext__(self) -> bytes:
            assert self.status == 503
            self.waiting -= 1
            return b"bytes" if self.waiting else b""

    upload, scope = Upload(), request()
    scope.method, scope.headers = "POST", {"content-length": "16000000"}

    async def run() -> None:
        bridge = bridge_to(BlockingApplication())
        bridge.uploads["127.0.0.1"] = 1
        await bridge.__rsgi__(scope, upload)

    run_coroutine(run())
    assert (upload.status, upload.waiting) == (503, 0)


def test_response_for_which_the_disk_has_no_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Stream(list[bytes]):
        streaming = True

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("503 Service Unavailable" if REFUSAL in environ else "200 OK", [])
        return [] if REFUSAL in environ else Stream([bytes(spool.MEMORY_BYTES), b"1"])

    monkeypatch.setattr(spool, "_new_spool", Full)
    answer = Answer()

    async def run() -> None:
        await bridge_to(application).__rsgi__(request(), answer)

    run_coroutine(run())
    assert answer.status == 503


@pytest.mark.parametrize(("authority", "host"), [(None, "header.example"), ("target.example:81", "target.example:81")])
def test_host_of_an_absolute_request_target_replaces_the_header(authority: str | None, host: str) -> None:
    scope = request()
    scope.headers, scope.authority = {"host": "header.example"}, authority
    assert environ_of(scope)["HTTP_HOST"] == host
