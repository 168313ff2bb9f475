"""Tests of endpoints without TLS verification, and of the form format."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from releasehub.webhooks import formats
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from releasehub.webhooks.replays import replay_delivery
from releasehub.webhooks.signing import standard_signature
from tests.factories import system
from tests.webhooks.conftest import OK, SECRET, Receiver, announce, make_endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Receiver]:
    """Return a receiver with a self-signed certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command")
    command = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=other.example"
    subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = Receiver(lambda connection: connection.sendall(OK), context)
    yield server
    server.stop()


@pytest.mark.parametrize("format_", ["standard", "mc_dm", "mc_dm_form"])
def test_any_certificate_is_accepted_without_verification(secured: Receiver, format_: str) -> None:
    make_endpoint(secured.url, format=format_, verify_tls=False)
    announce()
    deliver_batch()
    assert (Delivery.objects.get().state, len(secured.requests)) == ("delivered", 1)


def test_certificate_is_verified_by_default(secured: Receiver) -> None:
    make_endpoint(secured.url)
    announce()
    deliver_batch()
    assert "certificate" in Attempt.objects.get().error
    assert secured.requests == []


def test_address_is_checked_even_without_tls_verification(secured: Receiver, settings: Any) -> None:
    make_endpoint(secured.url, verify_tls=False)
    settings.WEBHOOK_ALLOW_NETS = []
    announce()
    deliver_batch()
    assert (Attempt.objects.get().result, secured.accepts) == (Attempt.Result.REFUSED, 0)


def test_form_is_signed_and_has_its_headers(receiver: Callable[..., Any]) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url, format="mc_dm_form")
    event = announce(42, EventType.VERSION_PUBLISHED, number="1.0 & more", is_active=True)
    Endpoint.objects.update(format="standard")  # existing deliveries keep their format
    deliver_batch()
    headers, body = server.received[0]
    fields = dict(parse_qsl(body.decode()))
    assert {name: fields[name] for name in ("content_type", "event", "content_id")} == {
        "content_type": "mc_dm_version",
        "event": "publish",
        "content_id": "42",
    }
    assert (fields["data[number]"], fields["data[is_active]"]) == ("1.0 & more", "1")
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert (headers["xf-content-type"], headers["xf-webhook-event"]) == ("mc_dm_version", "publish")
    assert (headers["xf-webhook-id"], headers["xf-webhook-secret"]) == (str(endpoint.pk), SECRET)
    assert headers["webhook-signature"] == standard_signature(
        [SECRET], headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    assert {name.partition("[")[0] for name in fields} == set(json.loads(formats.render("mc_dm", event)))


def test_form_is_the_same_in_every_replay(receiver: Callable[..., Any]) -> None:
    server = receiver()
    make_endpoint(server.url, format="mc_dm_form")
    announce()
    deliver_batch()
    replay_delivery(actor=system(), delivery=Delivery.objects.get())
    deliver_batch()
    assert len({body for _, body in server.received}) == 1
