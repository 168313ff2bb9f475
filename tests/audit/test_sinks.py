"""Tests that every sink receives all rows in the order of the chain, despite failures and dying workers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models.functions import Now

from releasehub.audit import sink_delivery, sinks, syslog, tasks
from releasehub.audit.models import AuditEntry, AuditSink
from releasehub.audit.services import delete_sink, save_sink
from releasehub.audit.targets import SyslogTarget
from releasehub.core.actor import system_actor
from releasehub.outbound.failures import Refused, Unreachable
from tests.serving import Acceptor

pytestmark = pytest.mark.django_db
SinkKind = AuditSink.SinkKind
LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    location = tmp_path / "media"
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": location}}
    settings.STORAGES = settings.STORAGES | {"default": files}
    settings.WEBHOOK_ALLOW_NETS = LOOPBACK
    return location


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "BATCH_ROWS", 10)


class Endpoint:
    """An HTTP endpoint that responds with `statuses`, then with 204. `accepted` has what it answered with 2xx."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.accepted: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.statuses.pop(0) if outer.statuses else 204
                if status < 300:
                    outer.accepted += [json.loads(line) for line in body.splitlines()]
                outer.headers.append(dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/in"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    started = Endpoint()
    yield started
    started.stop()


def positions(items: list[dict[str, Any]]) -> list[int]:
    return [item["position"] for item in items if "position" in item]


def stored(media: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(media.glob("audit/rows/*")) for line in path.read_text().splitlines()]


def test_json_lines_in_storage(make_rows: Any, media: Path) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.JSONL, target="audit")
    make_rows(25)
    tasks.chain()
    tasks.export_head()
    assert tasks.ship_sink(sink.pk) == 25
    names = [path.name for path in sorted(media.glob("audit/rows/*"))]
    assert names == [f"{first:020d}.jsonl" for first in (1, 11, 21)]
    assert positions(stored(media)) == list(range(1, 26))
    assert "address" not in stored(media)[0]
    own, head = sinks.exported_heads()
    assert own == head
    assert head.position == 25
    assert tasks.ship_sink(sink.pk) == 0
    sink.refresh_from_db()
    assert (sink.cursor, sink.head_cursor, sink.last_error, sink.failing_since) == (25, 25, "", None)
    assert (sink.lease_until, sink.lease_token) == (None, "")


def test_repeated_batch_replaces_the_first_attempt(make_rows: Any, media: Path) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.JSONL, target="audit")
    make_rows(4)
    tasks.chain()
    storages["default"].save("audit/rows/00000000000000000001.jsonl", ContentFile(b"half a ba"))
    tasks.ship_sink(sink.pk)
    assert positions(stored(media)) == [1, 2, 3, 4]


def test_http_sink_resumes_where_it_failed(make_rows: Any, endpoint: Endpoint) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.HTTP, target=endpoint.url, token="s3cret")
    make_rows(35, address="192.0.2.1")
    tasks.chain()
    endpoint.statuses = [204, 500]
    assert tasks.ship_sink(sink.pk) == 10
    sink.refresh_from_db()
    assert (sink.cursor, sink.last_error) == (10, "The endpoint responded with status 500.")
    since = sink.failing_since
    assert since is not None
    endpoint.statuses = [302]
    assert tasks.ship_sink(sink.pk) == 0
    sink.refresh_from_db()
    assert sink.failing_since == since, "failing since the first time"
    make_rows(5)
    tasks.chain()
    assert tasks.ship_sink(sink.pk) == 30
    assert positions(endpoint.accepted) == list(range(1, 41))
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"
    assert endpoint.headers[0]["Content-Type"] == "application/x-ndjson"
    sink.refresh_from_db()
    assert (sink.cursor, sink.last_error, sink.failing_since) == (40, "", None)


def test_addresses_are_shipped_only_if_the_sink_allows_it(make_rows: Any, endpoint: Endpoint) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.HTTP, target=endpoint.url, has_addresses=True)
    make_rows(1, address="192.0.2.1")
    tasks.chain()
    tasks.ship_sink(sink.pk)
    assert endpoint.accepted[0]["address"] == "192.0.2.1"


def test_failing_sink_does_not_stop_other_sinks(
    make_rows: Any, endpoint: Endpoint, media: Path, run_tasks: Any
) -> None:
    endpoint.statuses = [500] * 3
    AuditSink.objects.create(kind=SinkKind.HTTP, target=endpoint.url)
    AuditSink.objects.create(kind=SinkKind.HTTP, target="http://10.0.0.1/")
    AuditSink.objects.create(kind=SinkKind.SYSLOG, target="nonsense")
    AuditSink.objects.create(kind=SinkKind.JSONL, target="audit")
    AuditSink.objects.create(kind=SinkKind.JSONL, target="other", is_active=False)
    make_rows(3)
    tasks.chain()
    with run_tasks():
        assert tasks.ship() == 4
    assert positions(stored(media)) == [1, 2, 3]
    assert not (media / "other").exists()
    errors = list(AuditSink.objects.order_by("id").values_list("last_error", flat=True))
    assert [bool(error) for error in errors] == [True, True, True, False, False]


def test_two_workers_do_not_ship_to_one_sink(make_rows: Any, media: Path) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.JSONL, target="audit")
    make_rows(3)
    tasks.chain()
    AuditSink.objects.update(lease_until=Now() + timedelta(minutes=1), lease_token="other")
    assert tasks.ship() == tasks.ship_sink(sink.pk) == 0
    AuditSink.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert tasks.ship_sink(sink.pk) == 3


def test_worker_without_lease_does_not_move_the_cursor(make_rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.JSONL, target="audit")
    make_rows(3)
    tasks.chain()
    store = sink_delivery._store

    def lose_the_lease(name: str, body: bytes) -> None:
        store(name, body)
        AuditSink.objects.update(lease_token="other", cursor=2)

    monkeypatch.setattr(sink_delivery, "_store", lose_the_lease)
    tasks.ship_sink(sink.pk)
    sink.refresh_from_db()
    assert (sink.cursor, sink.lease_token) == (2, "other")


def test_dying_worker_leaves_no_gap(make_rows: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.HTTP, target=endpoint.url)
    make_rows(30)
    tasks.chain()
    update, calls = sinks._update_leased, iter(range(100))

    def die(sink: AuditSink, **values: Any) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        update(sink, **values)

    monkeypatch.setattr(sinks, "_update_leased", die)
    with pytest.raises(KeyboardInterrupt):
        tasks.ship_sink(sink.pk)
    assert tasks.ship_sink(sink.pk) == 20
    assert positions(endpoint.accepted) == [*range(1, 21), *range(11, 31)]


def test_large_row_is_shipped_alone(make_rows: Any, endpoint: Endpoint) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.HTTP, target=endpoint.url)
    make_rows(3, changes={"notes": "x" * 600_000})
    tasks.chain()
    assert tasks.ship_sink(sink.pk) == 3
    assert len(endpoint.headers) == 3


def test_changes_of_sinks_are_logged_without_the_token() -> None:
    sink = AuditSink(kind=SinkKind.HTTP, target="https://logs.example.org/in", token="s3cret")
    save_sink(actor=system_actor(), sink=sink)
    AuditSink.objects.update(cursor=9)
    sink.target, sink.token = "https://logs.example.org/new", "s4cret"
    save_sink(actor=system_actor(), sink=sink)
    sink.refresh_from_db()
    assert sink.cursor == 9
    sink.target = "nonsense"
    with pytest.raises(ValidationError):
        save_sink(actor=system_actor(), sink=sink)
    sink.refresh_from_db()
    delete_sink(actor=system_actor(), sink=sink, reason="moved")
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["audit_sink.create", "audit_sink.update", "audit_sink.delete"]
    update = AuditEntry.objects.get(action="audit_sink.update")
    assert update.changes == {
        "target": ["https://logs.example.org/in", "https://logs.example.org/new"],
        "token": ["[secret]", "[secret]"],
    }
    assert not any(token in str(list(AuditEntry.objects.values())) for token in ("s3cret", "s4cret"))


class Collector:
    """A syslog server over TCP. `accepted` has the lines of all connections in order."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.accepted: list[bytes] = []
        self._answer = answer
        listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        self.stop = Acceptor(listener, self._receive).close

    def _receive(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            self.accepted += list(lines)
            self._answer(connection)


@pytest.fixture
def collector() -> Iterator[Collector]:
    started = Collector(lambda connection: None)
    yield started
    started.stop()


def test_syslog_over_tcp(make_rows: Any, collector: Collector) -> None:
    sink = AuditSink.objects.create(kind=SinkKind.SYSLOG, target=collector.target)
    make_rows(25, reason="a\nb\u2028c\x7f")
    tasks.chain()
    tasks.export_head()
    assert tasks.ship_sink(sink.pk) == 25
    assert len(collector.accepted) == 26
    contents = [json.loads(line.split(b" - ", 2)[2]) for line in collector.accepted]
    assert positions(contents) == list(range(1, 26))
    assert contents[0]["reason"] == "a\nb\u2028c\x7f"
    assert contents[-1]["head"]["position"] == 25
    assert b" releasehub - version.publish - {" in collector.accepted[0]


def test_syslog_over_udp(make_rows: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        sink = AuditSink.objects.create(kind=SinkKind.SYSLOG, target=f"udp://127.0.0.1:{server.getsockname()[1]}")
        make_rows(3)
        tasks.chain()
        assert tasks.ship_sink(sink.pk) == 3
        lines = [server.recv(65536) for _ in range(3)]
    assert positions([json.loads(line.split(b" - ", 2)[2]) for line in lines]) == [1, 2, 3]


def test_syslog_server_in_a_private_network_is_refused_by_default(settings: Any, collector: Collector) -> None:
    settings.WEBHOOK_ALLOW_NETS = ()
    host, port = collector.target.removeprefix("tcp://").split(":")
    for name in (host, "localhost", "2130706433"):
        with pytest.raises(Refused):
            syslog.send_messages(SyslogTarget("tcp", name, int(port)), [b"x"])
    assert collector.accepted == []


def test_unreachable_syslog_server_is_a_failure() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(Unreachable):
            syslog.send_messages(SyslogTarget("tcp", "127.0.0.1", port), [b"x"])
        with pytest.raises(Unreachable):
            syslog.send_messages(SyslogTarget("tls", "127.0.0.1", port), [b"x"])
