"""Fixtures for webhooks: receivers on loopback, a clock that can be moved, and events without real objects."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import DateTimeField, Value
from django.utils import timezone

from releasehub.core.actor import system_actor
from releasehub.webhooks import clock, formats
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import endpoints_of, fan_out
from releasehub.webhooks.models import Endpoint, Event
from releasehub.webhooks.services import store_events
from tests.outbound.conftest import Canary

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Answer = bytes | Callable[[socket.socket], None]


class Receiver(Canary):
    """A receiver that records its requests."""

    @property
    def received(self) -> list[tuple[dict[str, str], bytes]]:
        """The headers, with names in lower case, and the body of each request, in order."""
        return [split(request) for request in self.requests]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.received]


def split(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, value in lines}, body


def status(code: int, *lines: str) -> bytes:
    extra = "".join(f"{line}\r\n" for line in lines)
    return f"HTTP/1.1 {code} Status\r\n{extra}Content-Length: 0\r\n\r\n".encode()


@pytest.fixture(autouse=True)
def loopback_allowed(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the plain snapshot as the data of all formats, because the renderers of the dialects need real objects."""
    monkeypatch.setattr(formats, "_renderers", {})


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    started: list[Receiver] = []

    def start(answer: Answer = OK) -> Receiver:
        started.append(Receiver(answer if callable(answer) else lambda connection: connection.sendall(answer)))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def advance(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Return a function that moves the clock of deliveries forward."""

    def move(by: timedelta) -> None:
        monkeypatch.setattr(clock, "shift", clock.shift + by)

    return move


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Stop the clock of deliveries when every new delivery is due. `advance` still moves it."""
    moment = timezone.now() + timedelta(hours=1)

    def now(delay: timedelta = timedelta(0)) -> Value:
        return Value(moment + clock.shift + delay, output_field=DateTimeField())

    monkeypatch.setattr(clock, "now", now)
    return moment


_numbers = count(1)


def make_endpoint(url: str, **fields: Any) -> Endpoint:
    return create_endpoint(actor=system_actor(), url=url, **{"secret": SECRET, **fields})[0]


def announce(
    object_id: int = 0, event: EventType = EventType.VERSION_UPDATED, *, download_id: int = 7, **data: Any
) -> Event:
    """Create an event about an object that does not exist."""
    kind = event.value.partition(".")[0]
    target: Any = SimpleNamespace(pk=object_id or next(_numbers), _meta=SimpleNamespace(model_name=kind))
    snapshot = {"number": "1.0.0", "state": "listed"} | data
    events = store_events(actor=system_actor(), events=[event], target=target, download_id=download_id, data=snapshot)
    fan_out(events, endpoints_of(download_id, snapshot))
    return events[0]
