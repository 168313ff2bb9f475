"""Tests of deliveries over real sockets on loopback: requests, successes, failures and retries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import socket
import struct
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import count
from threading import Event
from typing import Any

import pytest

from releasehub.audit.models import AuditEntry
from releasehub.core import logs
from releasehub.webhooks import formats, sending
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.disabling import disable_failing
from releasehub.webhooks.endpoint_secrets import rotate_secret
from releasehub.webhooks.endpoint_states import pause_endpoint, resume_endpoint, send_test_event
from releasehub.webhooks.events import EventType
from releasehub.webhooks.limits import LANES_PER_ENDPOINT
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from releasehub.webhooks.schedule import DELAYS, JITTER
from releasehub.webhooks.tasks import deliver, sweep
from tests.factories import system
from tests.webhooks.conftest import OK, SECRET, announce, make_endpoint, split, status

pytestmark = pytest.mark.django_db
Start = Callable[..., Any]
Advance = Callable[[timedelta], None]
State = Delivery.State


def own_hmac(key: bytes, data: bytes) -> str:
    return base64.b64encode(hmac.new(key, data, hashlib.sha256).digest()).decode()


def standard_signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + own_hmac(key, f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body)


def test_standard_format_has_the_documented_body_and_headers(receiver: Start) -> None:
    server = receiver()
    make_endpoint(f"{server.url}/hook?a=b")
    event = announce(title="Zürich \u2028 \x7f")
    before = int(time.time())
    assert deliver_batch() == 1
    headers, body = server.received[0]
    row = Delivery.objects.get()
    assert json.loads(body) == {"type": "version.updated", "timestamp": _moment(event), "data": event.data}
    assert headers["webhook-id"] == row.webhook_id
    assert before <= int(headers["webhook-timestamp"]) <= time.time()
    assert headers["webhook-signature"] == standard_signature(SECRET, headers, body)
    assert headers["content-type"] == "application/json"
    assert (row.state, row.attempt_count, row.lease_until, row.lease_token) == (State.DELIVERED, 1, None, "")
    assert row.finished_at is not None


@pytest.mark.embedded
def test_receivers_get_the_id_of_the_request_that_caused_the_event(receiver: Start) -> None:
    server = receiver()
    make_endpoint(server.url)
    token = logs.request_id.set("order-66")
    announce()
    logs.request_id.reset(token)
    deliver_batch()
    headers, _ = server.received[0]
    assert headers["x-request-id"] == "order-66"
    assert Attempt.objects.get().request_headers["X-Request-Id"] == "order-66"


@pytest.mark.embedded
def test_v3_format_has_the_documented_body_and_headers(receiver: Start) -> None:
    server = receiver()
    make_endpoint(server.url, format="v3", secret="token-1234")
    event = announce(event=EventType.VERSION_CREATED)
    announce(event=EventType.FILE_CREATED)
    deliver_batch()
    headers, body = server.received[0]
    assert json.loads(body) == {"event": "release.created", "data": event.data, "triggeredAt": _moment(event)}
    assert headers["webhook-signature"] == own_hmac(b"token-1234", body)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert {"webhook-id", "webhook-timestamp"} <= headers.keys()
    assert json.loads(server.received[1][1])["event"] == "releaseFile.created"


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("event", "hard", "name"),
    [
        (EventType.DOWNLOAD_CREATED, False, "insert"),
        (EventType.VERSION_PUBLISHED, False, "publish"),
        (EventType.VERSION_YANKED, False, "update"),
        (EventType.FILE_DELETED, False, "update"),
        (EventType.FILE_DELETED, True, "delete"),
    ],
)
def test_mc_dm_format(receiver: Start, event: EventType, hard: bool, name: str) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url, format="mc_dm")
    row = announce(42, event, hard=hard)
    deliver_batch()
    headers, body = server.received[0]
    kind = f"mc_dm_{event.partition('.')[0]}"
    assert json.loads(body) == {"content_type": kind, "event": name, "content_id": 42, "data": row.data}
    assert headers["webhook-signature"] == standard_signature(SECRET, headers, body)
    assert headers["xf-content-type"] == kind
    assert headers["xf-webhook-event"] == name
    assert headers["xf-webhook-id"] == str(endpoint.pk)
    assert headers["xf-webhook-secret"] == SECRET


@pytest.mark.embedded
def test_log_contains_no_secrets(receiver: Start) -> None:
    echo = f"echo {SECRET}\x00".encode()
    server = receiver(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(echo) + echo)
    make_endpoint(server.url, format="mc_dm")
    announce()
    deliver_batch()
    row = Attempt.objects.get()
    assert row.request_headers["XF-Webhook-Secret"] == "[secret]"
    assert row.response.startswith("echo [secret]")
    assert SECRET not in json.dumps(row.request_headers)
    assert SECRET not in Endpoint.objects.get().sealed_secret
    assert not [entry for entry in AuditEntry.objects.all() if SECRET in json.dumps(entry.changes)]


def test_event_that_cannot_be_rendered_fails_without_stopping_others(
    receiver: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Any) -> Any:
        raise KeyError(event)

    monkeypatch.setitem(formats._renderers, ("standard", "file"), fail)
    server = receiver()
    make_endpoint(server.url)
    announce(event=EventType.FILE_CREATED)
    announce()
    assert deliver_batch() == 1
    assert [row.state for row in Delivery.objects.order_by("id")] == [State.FAILED, State.DELIVERED]
    assert "could not be rendered" in caplog.text


def _moment(event: Any) -> str:
    return event.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.embedded
def test_only_2xx_is_a_success(receiver: Start) -> None:
    last_of_each_class = {299, 399, 499, 599}
    codes = sorted(last_of_each_class | {code.value for code in HTTPStatus if code >= 200} - {HTTPStatus.GONE})

    def answer(connection: socket.socket) -> None:
        code = json.loads(split(server.asked.request)[1])["data"]["code"]
        connection.sendall(status(code, "Location: http://127.0.0.1:8080/elsewhere"))

    server = receiver(answer)
    make_endpoint(server.url)
    for code in codes:
        announce(code=code)
    deliver_batch()
    rows = Attempt.objects.select_related("delivery").filter(number=1).order_by("delivery_id")
    assert [row.status_code for row in rows] == codes
    sent = {json.loads(body)["data"]["code"]: body for _, body in server.received}
    for row in rows:
        is_success = row.status_code is not None and row.status_code < 300
        assert row.delivery.state == (State.DELIVERED if is_success else State.PENDING)
        assert (row.next_attempt_at is None) == is_success
        assert row.body_sha256 == hashlib.sha256(sent[row.status_code]).hexdigest()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket) -> None:
    while True:  # until the hub closes the connection
        connection.sendall(b"H")
        time.sleep(0.1)


def hang(connection: socket.socket) -> None:
    while connection.recv(4096):  # until the hub closes the connection
        pass


def endless_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def endless_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Line: x\r\n" * 100)


BOMB = gzip.compress(b"0" * 50_000_000)
BOMB_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB


@pytest.mark.embedded
@pytest.mark.parametrize(
    "answer",
    [reset, drip, hang, endless_head, b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"],
    ids=["reset", "drip", "hang", "endless_head", "nothing", "nonsense", "cut"],
)
def test_network_failures_are_retried(receiver: Start, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    monkeypatch.setattr(sending, "ATTEMPT_SECONDS", 1.0)
    server = receiver(answer)
    make_endpoint(server.url)
    announce()
    assert deliver_batch() == 1  # without a deadline, this would take as long as the receiver
    row, attempt = Delivery.objects.get(), Attempt.objects.get()
    assert (row.state, row.attempt_count, row.step) == (State.PENDING, 1, 1)
    assert (attempt.result, attempt.status_code) == (Attempt.Result.UNREACHABLE, None)
    assert attempt.error
    assert attempt.next_attempt_at is not None
    assert attempt.next_attempt_at == row.next_attempt_at


@pytest.mark.embedded
def test_closed_port_is_retried() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    make_endpoint(f"http://127.0.0.1:{port}/")
    announce()
    deliver_batch()
    assert Attempt.objects.get().error == "The server refused the connection."
    assert Delivery.objects.get().state == State.PENDING


@pytest.mark.embedded
@pytest.mark.parametrize("answer", [endless_body, BOMB_ANSWER], ids=["endless", "bomb"])
def test_large_responses_are_truncated_and_not_decompressed(receiver: Start, answer: Any) -> None:
    server = receiver(answer)
    make_endpoint(server.url)
    announce()
    deliver_batch()
    row = Attempt.objects.get()
    assert row.result == Attempt.Result.DELIVERED
    assert len(row.response) <= 4096


@pytest.mark.embedded
def test_targets_that_are_not_public_are_refused_and_retried(receiver: Start, settings: Any) -> None:
    server = receiver()
    make_endpoint(server.url)
    settings.WEBHOOK_ALLOW_NETS = []
    announce()
    deliver_batch()
    row = Attempt.objects.get()
    assert (row.result, server.accepts) == (Attempt.Result.REFUSED, 0)
    assert "public" in row.error
    assert Delivery.objects.get().state == State.PENDING


def test_failed_delivery_is_retried_on_schedule(receiver: Start, advance: Advance) -> None:
    server = receiver(status(500))
    make_endpoint(server.url)
    announce()
    for delay in DELAYS:
        assert deliver_batch() == 1
        advance(delay - timedelta(seconds=1))
        assert deliver_batch() == 0
        advance(delay * 0.2 + timedelta(seconds=1))
    assert deliver_batch() == 1
    advance(timedelta(days=2))
    assert deliver_batch() == 0
    row = Delivery.objects.get()
    assert (row.state, row.attempt_count) == (State.FAILED, len(DELAYS) + 1)
    assert list(row.attempts.order_by("number").values_list("number", flat=True)) == list(range(1, len(DELAYS) + 2))
    assert len(set(server.ids)) == 1
    assert len({body for _, body in server.received}) == 1


def test_retry_after_is_honored(receiver: Start, advance: Advance) -> None:
    make_endpoint(receiver(status(503, "Retry-After: 3600")).url)
    announce()
    deliver_batch()
    advance(timedelta(minutes=59))
    assert deliver_batch() == 0
    advance(timedelta(minutes=1, seconds=1))
    assert deliver_batch() == 1


def test_status_410_disables_the_endpoint_at_once(receiver: Start, advance: Advance) -> None:
    server = receiver(status(410))
    endpoint = make_endpoint(server.url)
    for _ in range(3):
        announce()
    assert deliver_batch() == 1
    endpoint.refresh_from_db()
    assert endpoint.is_disabled
    assert "410" in endpoint.disabled_reason
    assert Delivery.objects.order_by("id")[0].state == State.FAILED
    entry = AuditEntry.objects.get(action="endpoint.disable")
    assert (entry.target_id, entry.channel) == (endpoint.pk, "system")
    announce()
    advance(timedelta(days=1))
    assert (deliver_batch(), len(server.requests), Delivery.objects.count()) == (0, 1, 3)


def test_five_days_of_failures_disable_the_endpoint(receiver: Start, advance: Advance) -> None:
    bad, good = receiver(status(500)), receiver()
    failing, healthy = make_endpoint(bad.url), make_endpoint(good.url)
    announce()
    deliver_batch()
    advance(timedelta(days=4, hours=23))
    assert disable_failing() == 0
    advance(timedelta(hours=1, seconds=5))
    assert sweep() == 1
    assert sweep() == 0
    failing.refresh_from_db()
    healthy.refresh_from_db()
    assert (failing.is_disabled, healthy.is_disabled) == (True, False)
    assert failing.disabled_reason == "No delivery succeeded for 5 days."
    assert AuditEntry.objects.filter(action="endpoint.disable").count() == 1


def test_success_resets_the_failure_count(receiver: Start, advance: Advance) -> None:
    answers = [status(500), OK]
    server = receiver(lambda connection: connection.sendall(answers[len(server.requests) - 1]))
    endpoint = make_endpoint(server.url)
    announce()
    deliver_batch()
    endpoint.refresh_from_db()
    assert endpoint.consecutive_failures == 1
    assert endpoint.failing_since is not None
    advance(timedelta(seconds=7))
    deliver_batch()
    endpoint.refresh_from_db()
    assert (endpoint.consecutive_failures, endpoint.failing_since) == (0, None)
    assert Delivery.objects.get().state == State.DELIVERED


def test_success_in_the_same_lane_resets_the_failure_count(receiver: Start) -> None:
    answers = [status(500), OK, OK]
    server = receiver(lambda connection: connection.sendall(answers[len(server.requests) - 1]))
    endpoint = make_endpoint(server.url)
    for _ in answers:
        announce()
    assert deliver_batch() == 3
    endpoint.refresh_from_db()
    assert (endpoint.consecutive_failures, endpoint.failing_since) == (0, None)


def test_sweep_wakes_a_worker_when_deliveries_are_due(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    hints: list[str] = []
    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", lambda name, **_: hints.append(name))
    make_endpoint(receiver().url)
    sweep()
    assert hints == []
    announce()
    sweep()
    assert hints == ["webhooks.deliver"]
    assert deliver() == 1
    sweep()
    assert len(hints) == 1


@pytest.mark.embedded
def test_a_hundred_failures_follow_the_schedule(receiver: Start, advance: Advance, still_clock: datetime) -> None:
    server = receiver(status(500))
    for download_id in range(10):
        make_endpoint(server.url, download_id=download_id)
        for _ in range(10):
            announce(download_id=download_id)
    assert deliver_batch(seconds=600) == 100
    waits = [after - still_clock for after in Delivery.objects.values_list("next_attempt_at", flat=True)]
    assert len(waits) == 100
    assert all(DELAYS[0] <= wait <= DELAYS[0] * (1 + JITTER) for wait in waits)
    advance(DELAYS[0] * (1 + JITTER))
    assert deliver_batch(seconds=600) == 100
    assert set(Delivery.objects.values_list("attempt_count", "step", "state")) == {(2, 2, State.PENDING)}


@pytest.mark.embedded
def test_rotation_signs_with_both_secrets_during_the_overlap(receiver: Start) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url)
    secret = rotate_secret(actor=system(), endpoint=endpoint)
    announce()
    deliver_batch()
    headers, body = server.received[0]
    both = [standard_signature(key, headers, body) for key in (secret, SECRET)]
    assert headers["webhook-signature"].split(" ") == both
    Endpoint.objects.update(previous_secret_until="2026-01-01T00:00Z")
    announce()
    deliver_batch()
    headers, body = server.received[1]
    assert headers["webhook-signature"] == standard_signature(secret, headers, body)


@pytest.mark.embedded
def test_nothing_is_sent_if_the_secret_cannot_be_decrypted(receiver: Start, settings: Any) -> None:
    server = receiver()
    make_endpoint(server.url)
    announce()
    settings.SECRET_KEY = "another-key"
    deliver_batch()
    assert (server.accepts, Attempt.objects.get().result) == (0, Attempt.Result.REFUSED)


def test_test_event_passes_every_filter(receiver: Start) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url, events=["version.created"], download_id=7)
    row = send_test_event(actor=system(), endpoint=endpoint)
    deliver_batch()
    row.refresh_from_db()
    assert row.state == State.DELIVERED
    assert json.loads(server.received[0][1])["type"] == "endpoint.test"


def test_events_of_an_object_arrive_in_order(receiver: Start) -> None:
    server = receiver()
    make_endpoint(server.url)
    for number in range(60):
        announce(1 + number % 3, number=number)
    assert deliver_batch() == 60
    sent = [json.loads(body)["data"]["number"] for _, body in server.received]
    for rest in range(3):
        of_one = [number for number in sent if number % 3 == rest]
        assert of_one == sorted(of_one)
    assert sorted(sent) == list(range(60))


def test_endpoint_that_hangs_does_not_delay_others(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first endpoint only responds after the other one has received everything."""
    monkeypatch.setattr(sending, "ATTEMPT_SECONDS", 60.0)
    all_arrived, arrived = Event(), count(1)
    places: list[int] = []

    def wait_for_others(connection: socket.socket) -> None:
        assert all_arrived.wait(300)
        connection.sendall(OK)

    def note_arrival(connection: socket.socket) -> None:
        if next(arrived) == 50:
            places.append(stuck.accepts)
            all_arrived.set()
        connection.sendall(OK)

    stuck, good = receiver(wait_for_others), receiver(note_arrival)
    make_endpoint(stuck.url)
    make_endpoint(good.url)
    for _ in range(50):
        announce()
    deliver_batch(seconds=600)
    assert all_arrived.is_set()
    assert places[0] <= LANES_PER_ENDPOINT, "places the hanging endpoint held meanwhile"
    assert Attempt.objects.exclude(result=Attempt.Result.DELIVERED).count() == 0


def test_deliveries_wait_while_the_endpoint_is_paused(receiver: Start) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url)
    pause_endpoint(actor=system(), endpoint=endpoint)
    announce()
    assert deliver_batch() == 0
    resume_endpoint(actor=system(), endpoint=endpoint)
    assert deliver_batch() == 1
