"""Webhook endpoints in the mc-dm API: shape, permissions, secrets, target URLs and the log of deliveries."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import urllib3.util.connection
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.services import set_team_member, update_download
from releasehub.accounts.models import Membership, User
from releasehub.api.models import IdempotentAnswer
from releasehub.audit.models import AuditEntry
from releasehub.core import encryption
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from tests.conftest import ApiClient, Ready
from tests.corpus import one_of_each
from tests.factories import make_download, make_key, make_organization, make_user, make_version, system
from tests.outbound.conftest import lookups as lookups
from tests.outbound.corpus import REFUSED_WHEN_SAVED, REFUSED_WHEN_SENT, host_of
from tests.undoing import undone

pytestmark = pytest.mark.django_db
BASE = "/api/mc-dm-webhooks/"
URL = "https://93.184.215.14/hook"  # only validated, never connected to
FIELDS = [
    *("webhook_id", "title", "description", "url", "events", "criteria", "content_type", "ssl_verify", "active"),
    *("auth_type", "auth_name"),
    *("public_id", "format", "download_id", "organization_id", "state", "state_reason", "failing_since"),
    *("earlier_secret_until", "created_date"),
]
ROUTES = [
    *(("get", ""), ("put", ""), ("delete", ""), ("get", "deliveries/")),
    *(("post", f"{name}/") for name in ("rotate", "test", "pause", "resume", "replay_failed", "cancel_pending")),
    ("post", "replay/?since=2026-01-01&until=2026-02-01"),
]
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]


class Hub:
    def __init__(self) -> None:
        self.owner = make_user()
        self.client = ApiClient(make_key(self.owner))
        self.download = make_download(self.owner)

    def create(self, client: ApiClient | None = None, **fields: Any) -> Any:
        return (client or self.client).send("post", BASE, {"url": URL, "download_id": self.download.pk} | fields)

    def made(self, **fields: Any) -> Endpoint:
        answer = self.create(**fields)
        assert answer.status_code == 200, answer.content
        return Endpoint.objects.get(pk=answer.json()["webhook"]["webhook_id"])

    def post(self, endpoint: Endpoint, step: str, data: Any = None) -> Any:
        return self.client.send("post", f"{BASE}{endpoint.pk}/{step}/", data)


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(Hub) as made:
        yield made


@pytest.fixture
def hub(world: Hub) -> Hub:
    return world


def code(answer: Any) -> str:
    return str(answer.json()["errors"][0]["code"])


def test_an_endpoint_has_the_documented_fields_and_its_secret_once(hub: Hub) -> None:
    made = hub.create(title="Mirror").json()["webhook"]
    path = f"{BASE}{made['webhook_id']}/"
    assert list(made) == [*FIELDS, "secret"]
    assert encryption.decrypt(Endpoint.objects.get().sealed_secret) == made["secret"]
    for answer in (hub.client.get(path), hub.client.send("put", path, {"title": "x"}), hub.client.get(BASE)):
        assert made["secret"] not in answer.content.decode()
    assert list(hub.client.get(path).json()["webhook"]) == FIELDS


@pytest.mark.embedded
def test_events_are_stored_under_hub_names(hub: Hub) -> None:
    events = {"mc_dm_version": ["publish"], "mc_dm_file": "*"}
    criteria = {"mc_dm_version": {"published": "yes", "categories": [3], "fields": {"channel": ["stable"]}}}
    row = hub.made(events=events, criteria=criteria, format="mc_dm", content_type="form", active=False)
    assert row.events == ["file.*", "version.published"]
    assert row.criteria["version"]["download.category_id"] == [3]
    assert (row.format, row.is_active) == ("mc_dm_form", False)
    shown = hub.client.get(f"{BASE}{row.pk}/").json()["webhook"]
    assert {name: shown[name] for name in ("events", "criteria", "format", "content_type", "state")} == {
        "events": events,
        "criteria": criteria,
        "format": "mc_dm",
        "content_type": "form",
        "state": "off",
    }


@pytest.mark.embedded
def test_terms_of_the_original_system_are_returned_but_never_sent(hub: Hub) -> None:
    events = {"mc_dm_version": ["featured", "insert"], "thread": ["insert"]}
    criteria = {"thread": {"nodes": [1]}}
    row = hub.made(events=events, criteria=criteria)
    assert (row.events, row.criteria) == (["version.created"], {})
    path = f"{BASE}{row.pk}/"
    shown = hub.client.get(path).json()["webhook"]
    assert (shown["events"], shown["criteria"]) == (events, criteria)
    changed = hub.client.send("put", path, {"events": {"thread": "*"}}).json()["webhook"]
    assert (changed["events"], changed["criteria"]) == ({"thread": "*"}, criteria)
    make_version(hub.download, "9.0")
    assert not row.deliveries.exists()
    assert hub.create(events={"thread": ["x" * 10_000]}).status_code == 400


@pytest.mark.embedded
def test_a_form_takes_maps_as_json(hub: Hub) -> None:
    data = {"url": URL, "download_id": hub.download.pk, "events": '{"mc_dm_file": "*"}', "active": "0"}
    answer = hub.client.post(BASE, data)
    assert answer.json()["webhook"]["events"] == {"mc_dm_file": "*"}
    assert not Endpoint.objects.get().is_active


@pytest.mark.embedded
def test_put_keeps_omitted_fields(hub: Hub) -> None:
    row = hub.made(title="Mirror", events={"mc_dm_file": "*"})
    hub.client.send("put", f"{BASE}{row.pk}/", {"description": "to the mirror"})
    row.refresh_from_db()
    assert (row.title, row.description, row.events) == ("Mirror", "to the mirror", ["file.*"])


def test_lists_are_filtered_and_ordered(hub: Hub) -> None:
    rows = [hub.made(title=title) for title in ("b", "a", "c")]
    hub.post(rows[0], "pause")

    def ids(query: str) -> list[int]:
        return [row["webhook_id"] for row in hub.client.get(f"{BASE}?{query}").json()["webhooks"]]

    assert ids("") == [row.pk for row in reversed(rows)]
    assert ids("order=title&direction=asc") == [rows[1].pk, rows[0].pk, rows[2].pk]
    assert ids("state=paused") == [rows[0].pk]
    assert ids("state=disabled") == []
    assert ids(f"download_id={hub.download.pk + 1}") == []
    assert hub.client.get(f"{BASE}?per_page=2").json()["pagination"]["last_page"] == 2


WRONG = [None, [], {}, "", "x" * 3000, -1, 2**70, True, "\x00", ["a"], 1.5, {"mc_dm_version": {"fields": {"a": [{}]}}}]


@pytest.mark.embedded
@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:12])
def test_no_value_of_any_type_breaks_a_write(hub: Hub, value: Any) -> None:
    """Send a third of the fields to the creation and a third to the change; with the next value, the next ones.

    `tests/api/test_bad_bodies.py` sends such values to every operation.
    """
    row = hub.made()
    for number, field in enumerate([*FIELDS, "secret"]):
        turn = (number + WRONG.index(value)) % 3
        if turn == 2:
            continue
        if turn == 0:
            answer = hub.create(**{field: value})
        else:
            answer = hub.client.send("put", f"{BASE}{row.pk}/", {field: value})
        assert answer.status_code < 500, (field, answer.content)
    for step in ("replay", "rotate"):
        assert hub.post(row, step, {"since": value, "until": value, "secret": value}).status_code < 500


def test_criteria_with_a_hostile_text_are_refused(hub: Hub) -> None:
    for text in ("\x00", "x" * 201):
        answer = hub.create(criteria={"mc_dm_version": {"fields": {"channel": [text]}}})
        assert (answer.status_code, code(answer)) == (400, "invalid_input")


@pytest.mark.embedded
def test_rows_cost_no_queries(hub: Hub) -> None:
    row = hub.made()
    counts = set()
    for more in (1, 4):
        for _ in range(more):
            hub.made()
            hub.post(row, "test")
        for path in (BASE, f"{BASE}{row.pk}/deliveries/"):
            with CaptureQueriesContext(connection) as queries:
                assert hub.client.get(path).status_code == 200
            counts.add((path, len(queries)))
    assert counts == {(BASE, 5), (f"{BASE}{row.pk}/deliveries/", 7)}


@pytest.mark.embedded
def test_rotation_returns_the_new_secret_and_the_expiry_of_the_old_one(hub: Hub) -> None:
    row = hub.made()
    shown = hub.post(row, "rotate").json()["webhook"]
    row.refresh_from_db()
    assert encryption.decrypt(row.sealed_secret) == shown["secret"]
    assert row.previous_secret_until is not None
    assert shown["earlier_secret_until"] == int(row.previous_secret_until.timestamp())


def test_idempotent_replay_returns_the_secret_stored_encrypted(hub: Hub) -> None:
    headers = {"Idempotency-Key": "once", "XF-Api-Key": hub.client.defaults["HTTP_XF_API_KEY"]}
    body = {"url": URL, "download_id": hub.download.pk}
    first, again = (hub.client.send("post", BASE, body, headers=headers) for _ in range(2))
    secret = first.json()["webhook"]["secret"]
    assert again.json() == first.json()
    assert (again["Cache-Control"], Endpoint.objects.count()) == ("no-store", 1)
    assert secret not in bytes(IdempotentAnswer.objects.get().body).decode()
    assert not [entry for entry in AuditEntry.objects.all() if secret in json.dumps(entry.changes)]


def people(hub: Hub) -> dict[str, tuple[User, bool, bool]]:
    """Map a role to its user, and to whether it manages the endpoints of the download and of the organization."""
    found = {
        "owner": (hub.owner, True, False),
        "team manager": (make_user(), True, False),
        "uploader": (make_user(), False, False),
        "moderator": (make_user(is_staff=True, permissions=("moderate_download",)), True, False),
        "organization admin": (make_user(), False, True),
        "organization member": (make_user(), False, False),
        "staff": (make_user(is_staff=True, permissions=("change_endpoint",)), True, True),
        "stranger": (make_user(), False, False),
    }
    for name, flag in (("team manager", "can_manage_team"), ("uploader", "can_upload")):
        set_team_member(actor=system(), download=hub.download, user=found[name][0], flags={flag})
    return found


@pytest.mark.embedded
@pytest.mark.parametrize("who", ["owner", "team manager", "uploader", "moderator", "staff", "stranger"])
def test_every_route_requires_managing_the_download(hub: Hub, who: str) -> None:
    user, may, _ = people(hub)[who]
    client = ApiClient(make_key(user))
    for verb, step in ROUTES:
        row = create_endpoint(actor=system(), url=URL, download_id=hub.download.pk)[0]
        answer = client.send(verb, f"{BASE}{row.pk}/{step}")
        assert answer.status_code == (200 if may else 404), (verb, step, answer.content)
        assert Endpoint.objects.filter(pk=row.pk).exists() == (verb != "delete" or not may)
    Endpoint.objects.all().delete()
    create_endpoint(actor=system(), url=URL, download_id=hub.download.pk)
    assert client.get(BASE).json()["pagination"]["total"] == int(may)
    assert hub.create(client).status_code == (200 if may else 404)


@pytest.mark.embedded
@pytest.mark.parametrize("who", ["owner", "organization admin", "organization member", "staff"])
def test_organization_endpoints_require_an_admin(hub: Hub, who: str) -> None:
    everybody = people(hub)
    user, _, may = everybody[who]
    members = tuple(everybody[name][0] for name in ("organization admin", "organization member"))
    organization = make_organization(members=members)
    Membership.objects.filter(user=members[0]).update(role=Membership.Role.ADMIN)
    client = ApiClient(make_key(user))
    row = create_endpoint(actor=system(), url=URL, organization=organization)[0]
    assert client.get(f"{BASE}{row.pk}/").status_code == (200 if may else 404)
    answer = hub.create(client, download_id=0, organization_id=organization.pk)
    assert answer.status_code == (200 if may else 404)


@pytest.mark.embedded
def test_site_endpoints_require_staff(hub: Hub) -> None:
    staff = ApiClient(make_key(make_user(is_staff=True, permissions=("change_endpoint",))))
    assert hub.create(download_id=0).status_code == 403
    assert hub.create(staff, download_id=0).status_code == 200
    assert hub.create(staff, download_id=999_999).status_code == 404
    assert hub.create(staff, download_id=0, organization_id=999_999).status_code == 404


@pytest.mark.embedded
def test_private_download_is_404(hub: Hub) -> None:
    update_download(actor=system(), download=hub.download, visibility="private")
    answer = hub.create(ApiClient(make_key()))
    assert (answer.status_code, code(answer)) == (404, "requested_page_not_found")


@pytest.mark.embedded
def test_anonymous_users_see_no_endpoints(hub: Hub) -> None:
    row = hub.made()
    assert ApiClient().get(BASE).json()["pagination"]["total"] == 0
    assert ApiClient().get(f"{BASE}{row.pk}/").status_code == 404
    assert ApiClient().send("post", f"{BASE}{row.pk}/test/").status_code == 400


@pytest.mark.embedded
def test_only_staff_can_disable_certificate_verification(hub: Hub) -> None:
    answer = hub.create(ssl_verify=False)
    assert (answer.status_code, answer.json()["errors"][0]["params"]) == (403, {"field": "ssl_verify"})
    row = hub.made()
    staff = ApiClient(make_key(make_user(is_staff=True, permissions=("change_endpoint",))))
    assert staff.send("put", f"{BASE}{row.pk}/", {"ssl_verify": 0}).json()["webhook"]["ssl_verify"] is False
    kept = hub.client.send("put", f"{BASE}{row.pk}/", {"ssl_verify": 0, "title": "x"}).json()["webhook"]
    assert kept["ssl_verify"] is False
    assert hub.client.send("put", f"{BASE}{row.pk}/", {"ssl_verify": 0, "url": URL + "2"}).status_code == 403
    moved = hub.client.send("put", f"{BASE}{row.pk}/", {"url": URL + "2"}).json()["webhook"]
    assert moved["ssl_verify"] is True


def test_deliveries_show_request_and_response(hub: Hub) -> None:
    row = hub.made(events={"mc_dm_version": ["publish"]}, format="mc_dm")
    make_version(hub.download, "1.0.0")
    deliver_batch_without_network()
    found = hub.client.get(f"{BASE}{row.pk}/deliveries/").json()["deliveries"][0]
    assert json.loads(found["request_body"])["event"] == "publish"
    assert (found["event"], found["state"], found["attempt_count"]) == ("version.published", "pending", 1)
    attempt = found["attempts"][0]
    assert (attempt["result"], attempt["error"]) == ("unreachable", "The server refused the connection.")
    assert attempt["request_headers"]["XF-Webhook-Secret"] == "[secret]"
    assert attempt["next_attempt_date"] == found["next_attempt_date"] > attempt["started_date"]


def deliver_batch_without_network() -> None:
    with pytest.MonkeyPatch.context() as patch:

        def refuse(*_: Any, **__: Any) -> socket.socket:
            raise ConnectionRefusedError

        patch.setattr(urllib3.util.connection, "create_connection", refuse)
        deliver_batch()


def test_the_log_is_filtered_by_state_and_event(hub: Hub) -> None:
    row = hub.made()
    make_version(hub.download, "1.0.0")
    hub.post(row, "test")
    Delivery.objects.filter(event__type="version.created").update(state="failed")

    def events(query: str) -> list[str]:
        found = hub.client.get(f"{BASE}{row.pk}/deliveries/?{query}").json()["deliveries"]
        return [delivery["event"] for delivery in found]

    assert events("") == ["endpoint.test", "version.published", "version.created"]
    assert events("state=failed") == ["version.created"]
    assert events("event=endpoint.test") == ["endpoint.test"]
    assert events("state=nonsense&per_page=1") == ["endpoint.test"]


def test_deliveries_can_be_replayed_and_canceled(hub: Hub) -> None:
    row = hub.made()
    for _ in range(3):
        hub.post(row, "test")
    assert hub.post(row, "cancel_pending").json() == {"success": True, "count": 3}
    span = {"since": "2020-01-01", "until": "2100-01-01T00:00:00Z"}
    assert hub.post(row, "replay", span).json()["count"] == 3
    Delivery.objects.update(state="failed")
    assert hub.post(row, "replay_failed").json()["count"] == 3
    delivery = Delivery.objects.latest("id")
    Delivery.objects.update(state="failed")
    shown = hub.post(row, f"deliveries/{delivery.webhook_id}/replay").json()["delivery"]
    assert (shown["delivery_id"], shown["state"]) == (delivery.webhook_id, "pending")


@pytest.mark.embedded
def test_delivery_of_another_endpoint_is_404(hub: Hub) -> None:
    row, other = hub.made(), hub.made()
    hub.post(row, "test")
    delivery = Delivery.objects.get()
    for pk, name in ((other.pk, delivery.webhook_id), (row.pk, delivery.webhook_id + "9"), (row.pk, "msg_x_1")):
        answer = hub.client.send("post", f"{BASE}{pk}/deliveries/{name}/replay/")
        assert (answer.status_code, code(answer)) == (404, "requested_page_not_found")


@pytest.mark.embedded
def test_errors_have_specific_codes(hub: Hub) -> None:
    row = hub.made()
    hub.post(row, "test")
    delivery = Delivery.objects.get()
    Delivery.objects.update(lease_until=timezone.now() + timedelta(minutes=9))
    answer = hub.post(row, f"deliveries/{delivery.webhook_id}/replay")
    assert (answer.status_code, code(answer)) == (409, "mc_dm_api_error.delivery_under_way")
    hub.post(row, "pause")
    for step in ("test", "replay_failed"):
        answer = hub.post(row, step)
        assert (answer.status_code, code(answer)) == (409, "mc_dm_api_error.endpoint_not_sending")
    assert hub.post(row, "resume").json()["webhook"]["state"] == "sending"


@pytest.mark.embedded
def test_targets_are_refused_when_they_are_saved(hub: Hub, lookups: Lookups, subtests: pytest.Subtests) -> None:
    row = hub.made()
    for case in REFUSED_WHEN_SAVED:
        lookups({host_of(case["url"]): case.get("resolves_to", [[]])})
        for answer in (hub.create(url=case["url"]), hub.client.send("put", f"{BASE}{row.pk}/", {"url": case["url"]})):
            with subtests.test(case["id"]):
                assert answer.status_code == 400
                assert answer.json()["errors"][0]["params"]["field"] == "url"
    assert Endpoint.objects.get().url == URL


@pytest.mark.embedded
def test_tests_and_replays_connect_to_no_refused_target(
    hub: Hub, lookups: Lookups, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    """The target address is checked at every attempt, not only when the endpoint is saved.

    `tests/webhooks/test_namespace.py` and `tests/outbound` have more targets.
    """
    tried: list[str] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect)
    for case in one_of_each(REFUSED_WHEN_SENT, "class"):
        with subtests.test(case["id"]), undone():
            row = hub.made()
            Endpoint.objects.update(url=case["url"], verify_tls=False)
            lookups({host_of(case["url"]): case.get("resolves_to", [[]])[-1:]})
            hub.post(row, "test")
            deliver_batch()
            hub.post(row, f"deliveries/{Delivery.objects.get().webhook_id}/replay")
            deliver_batch()
            assert Attempt.objects.count() == 2
            assert tried == []


@pytest.mark.embedded
def test_authentication_is_taken_from_the_url_and_never_returned(hub: Hub) -> None:
    answer = hub.create(url=URL.replace("://", "://mirror:hunter2-hunter2@"))
    shown = answer.json()["webhook"]
    assert (shown["url"], shown["auth_type"], shown["auth_name"]) == (URL, "basic", "mirror")
    assert "hunter2" not in answer.content.decode()
    changed = hub.client.send(
        "put", f"{BASE}{shown['webhook_id']}/", {"auth_type": "header", "auth_name": "X-Key", "auth_secret": "abcd1234"}
    )
    assert (changed.json()["webhook"]["auth_type"], changed.json()["webhook"]["auth_name"]) == ("header", "X-Key")
    assert "abcd1234" not in changed.content.decode()
