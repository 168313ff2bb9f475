"""The data in the v3 format is the same as in `GET /v3/releases/{id}` and `GET /v3/release-files/{id}`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from downloads.services import update_download
from files.services import update_file
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks import formats
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.models import Event
from tests.api.v3.shop import Shop
from tests.factories import make_organization, system
from tests.webhooks.conftest import Receiver, make_endpoint
from tests.webhooks.conftest import loopback_allowed as loopback_allowed
from tests.webhooks.conftest import receiver as receiver
from versions.models import Version

pytestmark = pytest.mark.django_db
TOKEN = "my-own-token-0123456789"


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "http://testserver"


def body(event_type: str) -> dict[str, Any]:
    event = Event.objects.filter(type=event_type).latest("id")
    found: dict[str, Any] = json.loads(formats.render("v3", event))
    return found


def release(shop: Shop, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = shop.get(f"/v3/releases/{made['id']}").json()
    return found


def test_urls_are_absolute_without_a_public_url(shop: Shop, settings: Any) -> None:
    settings.PUBLIC_URL = ""
    settings.FALLBACK_URL = "http://hub.example:8000"
    shop.upload(shop.release())
    assert body("file.created")["data"]["url"].startswith("http://hub.example:8000/v3/")


def test_new_release_payload_equals_the_rest_response(shop: Shop) -> None:
    made = shop.release(platforms=["linux"], notes="*News*")
    found = body("version.created")
    assert list(found) == ["event", "data", "triggeredAt"]
    assert (found["event"], found["data"]) == ("release.created", made)


@pytest.mark.parametrize("in_organization", [False, True])
def test_published_release_payload_equals_the_rest_response_with_files(shop: Shop, in_organization: bool) -> None:
    if in_organization:
        organization = make_organization(members=(shop.owner,))
        update_download(actor=system(), download=shop.product, organization=organization)
    made = shop.published(notes="News")
    found = body("version.published")
    assert found["event"] == "release.published"
    assert found["data"] == release(shop, made)
    assert found["data"]["files"][0]["name"] == "tool.bin"


@pytest.mark.parametrize(
    ("step", "event", "name"),
    [
        ("unpublish", "version.unpublished", "release.unpublished"),
        ("archive", "version.archived", "release.archived"),
    ],
)
def test_every_release_step_sends_its_event(shop: Shop, step: str, event: str, name: str) -> None:
    made = shop.published()
    assert shop.act(made, step).status_code == 200
    found = body(event)
    assert (found["event"], found["data"]) == (name, release(shop, made))


def test_changed_release_payload_equals_the_rest_response(shop: Shop) -> None:
    made = shop.release()
    shop.client.send("patch", f"/v3/releases/{made['id']}", {"name": "Summer", "private": True})
    found = body("version.updated")
    assert (found["event"], found["data"]) == ("release.updated", release(shop, made))


def test_payload_does_not_include_later_changes(shop: Shop) -> None:
    made = shop.release()
    shop.client.send("patch", f"/v3/releases/{made['id']}", {"name": "Summer"})
    assert body("version.created")["data"]["name"] == "Spring"


@pytest.mark.parametrize("hard", [False, True])
def test_deletion_payload_contains_the_release(shop: Shop, hard: bool) -> None:
    made = shop.published()
    delete_version(actor=system(), version=Version.objects.get(public_id=made["id"]), hard=hard)
    found = body("version.deleted")
    assert (found["event"], found["data"]["id"], found["data"]["version"]) == ("release.deleted", made["id"], "1.0.0")


def test_other_changes_are_sent_under_their_hub_name(shop: Shop) -> None:
    made = shop.published()
    move(Move.YANK, actor=system(), version=Version.objects.get(public_id=made["id"]), reason="broken")
    assert body("version.yanked")["event"] == "release.yanked"


def test_hosted_file_payload_equals_the_rest_response(shop: Shop) -> None:
    made = shop.release()
    file = shop.upload(made).json()
    found = body("file.created")
    assert found["event"] == "releaseFile.created"
    assert found["data"] == shop.get(f"/v3/release-files/{file['id']}").json()


def test_changed_file_payload_equals_the_rest_response(shop: Shop) -> None:
    shop.upload(shop.release())
    file = Version.objects.get().files.get()
    update_file(actor=system(), file=file, is_secured=True)
    data = body("file.updated")["data"]
    assert data["secured"] is True
    assert data == shop.get(f"/v3/release-files/{file.public_id}").json()


def test_external_file_payload_equals_the_rest_response(shop: Shop) -> None:
    made = shop.release()
    url = "https://files.example.org/x.tar.gz"
    fields = {"name": "x.tar.gz", "url": url, "size": 5, "checksum": "ab" * 16, "secured": True}
    shop.client.send("post", "/v3/release-files", fields | {"releaseId": made["id"]})
    data = body("file.created")["data"]
    assert data == release(shop, made)["files"][0]
    assert (data["url"], data["checksum"], data["secured"]) == (url, "ab" * 16, True)


@pytest.mark.parametrize("event_type", ["version.created", "file.created"])
def test_events_without_the_new_fields_are_rendered(shop: Shop, event_type: str) -> None:
    shop.published()
    event = Event.objects.filter(type=event_type).latest("id")
    version = event.data.get("version") or event.data
    for data, names in (
        (event.data, ("created_at", "updated_at", "is_secured", "declared_checksum")),
        (version, ("created_at", "updated_at")),
        (version["download"], ("account_id",)),
    ):
        for name in names:
            data.pop(name, None)
    before = json.loads(formats.render("v3", Event.objects.get(pk=event.pk)))["data"]
    shown = json.loads(formats.render("v3", event))["data"]
    assert {**shown, "createdAt": 0, "updatedAt": 0} == {**before, "createdAt": 0, "updatedAt": 0}
    assert shown["createdAt"] == json.loads(formats.render("v3", event))["triggeredAt"]


def test_the_receiver_gets_the_release_signed_with_the_token(shop: Shop, receiver: Callable[..., Receiver]) -> None:
    server = receiver()
    make_endpoint(server.url, format="v3", events=["version.published"], download_id=shop.product.pk, secret=TOKEN)
    made = shop.published()
    assert deliver_batch() == 1
    [(headers, sent)] = server.received
    expected = base64.b64encode(hmac.new(TOKEN.encode(), sent, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == expected
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(sent)["data"] == release(shop, made)
