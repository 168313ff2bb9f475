"""Tests of the authentication at receivers, against a receiver on loopback."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from releasehub.audit.models import AuditEntry
from releasehub.core.errors import Invalid
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.endpoints import update_endpoint
from releasehub.webhooks.models import Attempt, Endpoint
from tests.factories import system
from tests.webhooks.conftest import Receiver, announce, make_endpoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
PASSWORD = "hunter2-hunter2"
BASIC = "Basic " + b64encode(f"mirror:{PASSWORD}".encode()).decode()
HEADER = {"auth_type": "header", "auth_name": "X-Api-Key", "auth_secret": PASSWORD}
Start = Callable[..., Receiver]


def send(receiver: Receiver) -> dict[str, str]:
    announce()
    assert deliver_batch() == 1
    return receiver.received[-1][0]


def echo(connection: Any) -> None:
    body = f"denied {PASSWORD} {BASIC}".encode()
    connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@pytest.mark.parametrize(
    ("prefix", "fields", "name", "value"),
    [
        (f"mirror:{PASSWORD}@", {}, "authorization", BASIC),
        ("", {"auth_type": "basic", "auth_name": "mirror", "auth_secret": PASSWORD}, "authorization", BASIC),
        ("", HEADER, "x-api-key", PASSWORD),
        ("mirror:other@", HEADER, "x-api-key", PASSWORD),
        ("m%40x:a%3Ab@", {}, "authorization", "Basic " + b64encode(b"m@x:a:b").decode()),
    ],
)
def test_receiver_gets_the_authentication(
    receiver: Start, prefix: str, fields: dict[str, str], name: str, value: str
) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url.replace("://", f"://{prefix}"), **fields)
    assert endpoint.url == server.url
    assert send(server)[name] == value


def test_secret_is_never_stored_in_plain_text(receiver: Start) -> None:
    server = receiver(echo)
    endpoint = make_endpoint(server.url.replace("://", f"://mirror:{PASSWORD}@"))
    update_endpoint(actor=system(), endpoint=endpoint, **HEADER)
    update_endpoint(actor=system(), endpoint=endpoint, auth_type="basic", auth_name="mirror", auth_secret=PASSWORD)
    send(server)
    attempt = Attempt.objects.get()
    assert attempt.request_headers["Authorization"] == "[secret]"
    assert attempt.response == "denied [secret] [secret]"
    rows = [*Endpoint.objects.values(), *AuditEntry.objects.values(), *Attempt.objects.values()]
    assert PASSWORD not in str(rows)
    assert BASIC.removeprefix("Basic ") not in str(rows)
    changes = [entry.changes for entry in AuditEntry.objects.filter(action="endpoint.update").order_by("id")]
    assert [change["authentication"] for change in changes] == [["basic", "header"], ["header", "basic"]]


def test_authentication_is_kept_on_the_same_server_only(receiver: Start) -> None:
    server, other = receiver(), receiver()
    endpoint = make_endpoint(server.url, **HEADER)
    update_endpoint(actor=system(), endpoint=endpoint, title="New", url=f"{server.url}/2")
    assert send(server)["x-api-key"] == PASSWORD
    update_endpoint(actor=system(), endpoint=endpoint, url=other.url)
    assert "x-api-key" not in send(other)
    assert AuditEntry.objects.latest("id").changes["authentication"] == ["header", "none"]


def test_authentication_can_be_removed(receiver: Start) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url, **HEADER)
    update_endpoint(actor=system(), endpoint=endpoint, auth_type="none")
    assert "x-api-key" not in send(server)


def test_nothing_is_sent_if_the_secret_cannot_be_decrypted(receiver: Start) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url, **HEADER)
    Endpoint.objects.filter(pk=endpoint.pk).update(sealed_auth_secret="v1.damaged")
    announce()
    assert deliver_batch() == 1
    assert server.received == []
    assert "cannot be decrypted" in Attempt.objects.get().error


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("auth_type", {"auth_type": "digest", "auth_name": "a"}),
        ("auth_type", {"auth_name": "a", "auth_secret": "b"}),
        ("auth_type", {"auth_type": "none", "auth_name": "a"}),
        ("auth_name", {"auth_type": "basic", "auth_name": "a:b", "auth_secret": "c"}),
        ("auth_name", {"auth_type": "basic", "auth_secret": "c"}),
        ("auth_secret", {"auth_type": "basic", "auth_name": "a", "auth_secret": "b\nc"}),
        ("auth_name", {"auth_type": "header", "auth_name": "X Api", "auth_secret": "b"}),
        ("auth_name", {"auth_type": "header", "auth_name": "Host", "auth_secret": "b"}),
        ("auth_name", {"auth_type": "header", "auth_name": "Webhook-Signature", "auth_secret": "b"}),
        ("auth_secret", {"auth_type": "header", "auth_name": "X-Api-Key", "auth_secret": "b\r\nHost: c"}),
        ("auth_secret", {"auth_type": "header", "auth_name": "X-Api-Key", "auth_secret": ""}),
        ("auth_secret", {"auth_type": "header", "auth_name": "X-Api-Key", "auth_secret": "\u00fc"}),
    ],
)
def test_invalid_authentication_is_refused(field: str, fields: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        make_endpoint("http://127.0.0.1:8080/", **fields)
    assert caught.value.field == field
    assert not Endpoint.objects.exists()
