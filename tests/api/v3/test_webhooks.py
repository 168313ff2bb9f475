"""Webhooks in the v3 API: shape, tokens, owners, permissions, target URLs and the log of deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.services import set_team_member
from releasehub.accounts.models import Membership, User
from releasehub.audit.models import AuditEntry
from releasehub.core import encryption
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.disabling import disable_gone
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Delivery, Endpoint
from tests.api.v3.shop import Shop, signed_in
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_organization, make_user, make_version, system
from tests.outbound.conftest import lookups as lookups
from tests.outbound.corpus import REFUSED_WHEN_SAVED, host_of
from tests.undoing import undone
from tests.webhooks.conftest import Receiver, status
from tests.webhooks.conftest import receiver as receiver

pytestmark = pytest.mark.django_db
BASE, LOGS = "/v3/webhooks", "/v3/webhook-event-logs"
URL = "https://93.184.215.14/hook"  # only validated, never connected to
TOKEN = "my-own-token-0123456789"
FIELDS = ["id", "createdAt", "updatedAt", "name", "url", "token", "active", "events", "productId", "organizationId"]
LOG_FIELDS = [
    *("id", "createdAt", "webhookId", "event", "state", "statusCode", "sentAt", "receivedAt", "retryReason", "retryAt"),
    *("requestHeaders", "requestBody", "responseBody", "attempts"),
]
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]


def create(shop: Shop, client: ApiClient | None = None, **fields: Any) -> Any:
    body = {"name": "Mirror", "url": URL, "token": TOKEN, "active": True, "events": ["release.published"]}
    body |= {"productId": shop.product.public_id} | fields
    return (client or shop.client).send("post", BASE, {key: value for key, value in body.items() if value is not ...})


def made(shop: Shop, **fields: Any) -> Endpoint:
    answer = create(shop, **fields)
    assert answer.status_code == 201, answer.content
    return Endpoint.objects.get(public_id=answer.json()["id"])


def patch(shop: Shop, row: Endpoint, **fields: Any) -> Any:
    return shop.client.send("patch", f"{BASE}/{row.public_id}", fields)


def secret_of(row: Endpoint) -> str:
    return encryption.decrypt(Endpoint.objects.get(pk=row.pk).sealed_secret)


def test_create_answers_with_the_documented_fields_and_the_token(shop: Shop) -> None:
    answer = create(shop)
    row, shown = Endpoint.objects.get(), answer.json()
    assert (answer.status_code, answer["Cache-Control"], list(shown)) == (201, "no-store", FIELDS)
    assert shown["token"] == secret_of(row) == TOKEN
    assert (shown["id"], shown["name"], shown["url"], shown["active"]) == (row.public_id, "Mirror", URL, True)
    assert (shown["events"], shown["productId"]) == (["release.published"], shop.product.public_id)
    assert (row.format, row.events, row.download_id) == ("v3", ["version.published"], shop.product.pk)


@pytest.mark.embedded
def test_token_is_readable_by_those_who_manage_the_webhook(shop: Shop) -> None:
    path = f"{BASE}/{made(shop).public_id}"
    for answer in (shop.get(path), shop.client.send("patch", path, {"name": "x"})):
        assert (answer.json()["token"], answer["Cache-Control"]) == (TOKEN, "no-store")
    assert [row["token"] for row in shop.get(BASE).json()] == [TOKEN]
    assert not [entry for entry in AuditEntry.objects.all() if TOKEN in json.dumps(entry.changes)]


@pytest.mark.embedded
def test_token_is_hidden_from_keys_that_may_only_read(shop: Shop) -> None:
    row = made(shop)
    reader = ApiClient(make_key(shop.owner, scopes=["webhook:read"]))
    assert reader.get(f"{BASE}/{row.public_id}").json()["token"] is None
    assert reader.get(BASE).json()[0]["token"] is None


@pytest.mark.embedded
def test_token_of_another_system_may_be_short(shop: Shop) -> None:
    assert create(shop, token="abc").json()["token"] == "abc"
    assert patch(shop, Endpoint.objects.get(), token="x").json()["token"] == "x"


@pytest.mark.embedded
@pytest.mark.parametrize("token", [..., None, ""])
def test_omitted_token_is_generated(shop: Shop, token: Any) -> None:
    shown = create(shop, token=token).json()
    assert len(shown["token"]) > 40
    assert shown["token"] == secret_of(Endpoint.objects.get())


@pytest.mark.embedded
def test_a_new_token_replaces_the_old_one_at_once(shop: Shop) -> None:
    row = made(shop)
    answer = patch(shop, row, token="another-token-1", name="New")
    row.refresh_from_db()
    assert (answer.json()["token"], answer["Cache-Control"]) == ("another-token-1", "no-store")
    assert (secret_of(row), row.title, row.is_previous_secret_valid) == ("another-token-1", "New", False)


@pytest.mark.embedded
def test_null_token_keeps_the_current_token(shop: Shop) -> None:
    row = made(shop)
    assert patch(shop, row, **shop.get(f"{BASE}/{row.public_id}").json()).status_code == 200
    assert secret_of(row) == TOKEN


def test_failed_update_rolls_back_completely(shop: Shop) -> None:
    row = made(shop)
    assert patch(shop, row, token="another-token-1", name="a\u2028b").status_code == 400
    assert secret_of(row) == TOKEN


@pytest.mark.embedded
def test_patch_changes_only_what_it_names(shop: Shop) -> None:
    row = made(shop)
    shown = patch(shop, row, events=["release.deleted", "releaseFile.created"]).json()
    row.refresh_from_db()
    assert shown["events"] == ["release.deleted", "releaseFile.created"]
    assert (row.events, row.title, row.url) == (["file.created", "version.deleted"], "Mirror", URL)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("sent", "active"),
    [({"active": False}, False), ({"active": ..., "enabled": False}, False), ({"active": ...}, True)],
)
def test_active_is_also_called_enabled(shop: Shop, sent: dict[str, Any], active: bool) -> None:
    shown = create(shop, **sent).json()
    assert shown["active"] is active
    assert Endpoint.objects.get().is_active is active


@pytest.mark.embedded
def test_active_true_resumes_a_disabled_webhook(shop: Shop) -> None:
    row = made(shop)
    disable_gone(row.pk)
    assert shop.get(f"{BASE}/{row.public_id}").json()["active"] is False
    assert patch(shop, row, active=True).json()["active"] is True
    assert not Endpoint.objects.get().is_disabled


def test_delete(shop: Shop) -> None:
    row = made(shop)
    assert shop.client.send("delete", f"{BASE}/{row.public_id}").status_code == 204
    assert not Endpoint.objects.exists()


@pytest.mark.embedded
def test_events_endpoint_lists_all_event_names(shop: Shop) -> None:
    rows = shop.get(f"{BASE}/events").json()
    assert {"event": "release.published", "description": "A release was published."} in rows
    assert {"event": "releaseFile.validated", "description": "A file of a release passed its checks."} in rows
    names = [row["event"] for row in rows]
    assert {"release.created", "release.updated", "releaseFile.created"} <= set(names)
    assert create(shop, events=names).json()["events"] == names


@pytest.mark.embedded
@pytest.mark.parametrize(
    "wrong",
    [
        *({"events": value} for value in ([], "release.created", [None], None)),
        {"events": ...},
        *({"name": value} for value in ("", "x" * 101, ..., None)),
        *({"token": value} for value in ("with spaces in it", "x" * 201)),
        *({"url": value} for value in ("", "no url", "x" * 3000, ..., None)),
        {"active": "perhaps"},
    ],
    ids=repr,
)  # fmt: skip
def test_errors_name_the_invalid_field(shop: Shop, wrong: dict[str, Any]) -> None:
    answer = create(shop, **wrong)
    assert answer.status_code == 400, answer.content
    assert next(iter(wrong)) in answer.json()["message"]
    assert not Endpoint.objects.exists()


@pytest.mark.embedded
def test_events_of_the_original_system_are_returned_but_never_sent(shop: Shop) -> None:
    answer = create(shop, events=["license.created", "release.created"])
    assert (answer.status_code, answer.json()["events"]) == (201, ["license.created", "release.created"])
    endpoint = Endpoint.objects.get()
    assert endpoint.events == ["version.created"]
    changed = patch(shop, endpoint, events=["license.created"]).json()
    assert changed["events"] == ["license.created"]
    make_version(shop.product, "9.0")
    assert not endpoint.deliveries.exists()


WRONG = [None, [], {}, "", "x" * 3000, -1, 2**70, True, "\x00", "\ud800", ["a"], 1.5]


@pytest.mark.embedded
def test_no_value_of_any_type_breaks_a_write(shop: Shop, subtests: pytest.Subtests) -> None:
    """Send every other field to the creation and the rest to the change; with the next value, the other way around."""
    row = made(shop)
    for turn, value in enumerate(WRONG):
        with subtests.test(f"{value!r:.12}"), undone():
            for number, field in enumerate([*FIELDS, "enabled"]):
                is_new = (number + turn) % 2
                answer = create(shop, **{field: value}) if is_new else patch(shop, row, **{field: value})
                assert answer.status_code < 500, (field, answer.content)


def test_lists_are_sorted_searched_and_paged(shop: Shop) -> None:
    rows = [made(shop, name=name, active=name != "c") for name in ("b side", "a", "c")]

    def names(**query: Any) -> list[str]:
        return [row["name"] for row in shop.get(BASE, **query).json()]

    assert names() == [row.title for row in rows]
    assert names(sort="name") == ["a", "b side", "c"]
    assert names(search="side") == ["b side"]
    assert names(name="a") == ["a"]
    assert names(active="false") == ["c"]
    assert names(sort="-name", limit=1, page=2) == ["b side"]
    answer = shop.get(BASE, limit=2)
    assert [answer[f"Pagination-{name}"] for name in ("Count", "Page", "Limit")] == ["3", "1", "2"]


@pytest.mark.embedded
def test_rows_cost_no_queries(shop: Shop) -> None:
    row = made(shop)
    counts = set()
    for more in (1, 4):
        for _ in range(more):
            made(shop)
            send_test_event(actor=system(), endpoint=row)
        for path in (BASE, LOGS):
            with CaptureQueriesContext(connection) as queries:
                assert shop.get(path).status_code == 200
            counts.add((path, len(queries)))
    assert len(counts) == 2, counts


def test_a_repeated_request_gets_the_token_again(shop: Shop) -> None:
    headers = {"Idempotency-Key": "once", "Authorization": shop.client.defaults["HTTP_AUTHORIZATION"]}
    body = {"name": "Mirror", "url": URL, "events": ["release.created"], "productId": shop.product.public_id}
    first, again = (shop.client.send("post", BASE, body, headers=headers) for _ in range(2))
    assert (again.json(), Endpoint.objects.count()) == (first.json(), 1)
    assert first.json()["token"]


@pytest.mark.embedded
def test_a_stale_change_is_refused(shop: Shop) -> None:
    row = made(shop)
    path = f"{BASE}/{row.public_id}"
    headers = {"If-Match": shop.get(path)["ETag"], "Authorization": shop.client.defaults["HTTP_AUTHORIZATION"]}
    assert shop.client.send("patch", path, {"name": "one"}, headers=headers).status_code == 200
    assert shop.client.send("patch", path, {"name": "two"}, headers=headers).status_code == 412


@pytest.mark.embedded
def test_endpoints_of_other_formats_are_404(shop: Shop) -> None:
    row = create_endpoint(actor=system(), url=URL, download_id=shop.product.pk)[0]
    log = send_test_event(actor=system(), endpoint=row)
    assert shop.get(BASE).json() == shop.get(LOGS).json() == []
    for path in (f"{BASE}/{row.public_id}", f"{LOGS}/{log.webhook_id}"):
        assert shop.get(path).status_code == 404


def admin_of(shop: Shop) -> Any:
    organization = make_organization(members=(shop.owner,))
    Membership.objects.filter(user=shop.owner).update(role=Membership.Role.ADMIN)
    return organization


@pytest.mark.embedded
def test_webhook_defaults_to_the_only_product(shop: Shop) -> None:
    assert create(shop, productId=...).json()["productId"] == shop.product.public_id


@pytest.mark.embedded
def test_webhook_defaults_to_the_only_organization(shop: Shop) -> None:
    organization = admin_of(shop)
    shown = create(shop, productId=...).json()
    assert (shown["productId"], shown["organizationId"]) == (None, organization.public_id)


@pytest.mark.embedded
def test_webhook_owner_is_required_if_ambiguous(shop: Shop) -> None:
    make_download(shop.owner)
    answer = create(shop, productId=...)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_FIELD")
    assert "productId" in answer.json()["message"]
    first, second = admin_of(shop), admin_of(shop)
    assert create(shop, productId=...).status_code == 400
    shown = create(shop, productId=..., organizationId=second.public_id).json()
    assert (shown["organizationId"], first == second) == (second.public_id, False)


@pytest.mark.embedded
def test_webhook_owner_is_required_without_managed_products(shop: Shop) -> None:
    assert create(shop, signed_in(make_user()), productId=...).status_code == 400


@pytest.mark.embedded
def test_webhook_of_staff_defaults_to_the_site(shop: Shop) -> None:
    staff = signed_in(make_user(is_staff=True, permissions=("change_endpoint",)))
    shown = create(shop, staff, productId=...).json()
    assert (shown["productId"], shown["organizationId"]) == (None, None)


@pytest.mark.embedded
def test_webhook_of_a_bound_key_belongs_to_its_product(shop: Shop) -> None:
    make_download(shop.owner)
    client = ApiClient(make_key(shop.owner, scopes=["webhook:write"], download_ids=[shop.product.pk]))
    assert create(shop, client, productId=...).json()["productId"] == shop.product.public_id


@pytest.mark.embedded
@pytest.mark.parametrize("wrong", ["a" * 24, "9" * 200, "é", "\x00", "../x"])
def test_label_with_unknown_products_is_rejected(shop: Shop, wrong: str) -> None:
    for field in ("productId", "organizationId"):
        assert create(shop, **{field: wrong}).status_code in {400, 404}
    assert not Endpoint.objects.exists()


def people(shop: Shop) -> dict[str, tuple[User, bool]]:
    """Map a role to its user, and to whether it manages the webhooks of the product."""
    found = {
        "owner": (shop.owner, True),
        "team manager": (make_user(), True),
        "uploader": (make_user(), False),
        "moderator": (make_user(is_staff=True, permissions=("moderate_download",)), True),
        "staff": (make_user(is_staff=True, permissions=("change_endpoint",)), True),
        "stranger": (make_user(), False),
    }
    for name, flag in (("team manager", "can_manage_team"), ("uploader", "can_upload")):
        set_team_member(actor=system(), download=shop.product, user=found[name][0], flags={flag})
    return found


@pytest.mark.embedded
@pytest.mark.parametrize("who", ["owner", "team manager", "uploader", "moderator", "staff", "stranger"])
def test_every_route_requires_managing_the_product(shop: Shop, who: str) -> None:
    user, may = people(shop)[who]
    client = signed_in(user)
    row = made(shop)
    log = send_test_event(actor=system(), endpoint=row)
    for verb, path in (
        ("get", f"{LOGS}/{log.webhook_id}"),
        ("post", f"{LOGS}/{log.webhook_id}/retry"),
        ("get", f"{BASE}/{row.public_id}"),
        ("post", f"{BASE}/{row.public_id}/test"),
        ("patch", f"{BASE}/{row.public_id}"),
    ):
        answer = client.send(verb, path, {"name": "x"})
        assert answer.status_code == (200 if may else 404), (verb, path, answer.content)
    for path in (BASE, LOGS):
        assert bool(client.get(path).json()) is may
    assert create(shop, client).status_code == (201 if may else 404)
    assert client.send("delete", f"{BASE}/{row.public_id}").status_code == (204 if may else 404)
    assert Endpoint.objects.filter(pk=row.pk).exists() is not may


@pytest.mark.embedded
@pytest.mark.parametrize(("scope", "reads", "writes"), [("webhook:read", 200, 403), ("webhook:write", 403, 201)])
def test_keys_need_the_scope(shop: Shop, scope: str, reads: int, writes: int) -> None:
    client = ApiClient(make_key(shop.owner, scopes=[scope]))
    assert [client.get(path).status_code for path in (BASE, LOGS, f"{BASE}/events")] == [reads] * 3
    assert create(shop, client).status_code == writes


@pytest.mark.embedded
def test_targets_are_refused_when_they_are_saved(shop: Shop, lookups: Lookups, subtests: pytest.Subtests) -> None:
    row = made(shop)
    for case in REFUSED_WHEN_SAVED:
        lookups({host_of(case["url"]): case.get("resolves_to", [[]])})
        for answer in (create(shop, url=case["url"]), patch(shop, row, url=case["url"])):
            with subtests.test(case["id"]):
                assert (answer.status_code, "url" in answer.json()["message"]) == (400, True)
    assert Endpoint.objects.get().url == URL


def sent_to(shop: Shop, server: Receiver, settings: Any) -> dict[str, Any]:
    """Return the log entry of a release whose event was sent to this server."""
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
    made(shop, url=server.url)
    shop.published()
    assert deliver_batch() == 1
    [found] = shop.get(LOGS).json()
    assert shop.get(f"{LOGS}/{found['id']}").json() == found
    return found


def test_log_shows_request_and_response(shop: Shop, receiver: Callable[..., Receiver], settings: Any) -> None:
    server = receiver()
    found = sent_to(shop, server, settings)
    [(headers, body)] = server.received
    assert list(found) == LOG_FIELDS
    assert (found["event"], found["state"], found["statusCode"]) == ("release.published", "delivered", 200)
    assert (found["id"], found["requestBody"]) == (headers["webhook-id"], body.decode()[:4096])
    assert found["requestHeaders"]["Webhook-Signature"] == headers["webhook-signature"]
    assert found["sentAt"] <= found["receivedAt"]
    assert (found["responseBody"], found["retryReason"], found["retryAt"]) == ("ok", None, None)
    assert found["webhookId"] == Endpoint.objects.get().public_id


@pytest.mark.embedded
def test_log_shows_the_retry_reason(shop: Shop, receiver: Callable[..., Receiver], settings: Any) -> None:
    found = sent_to(shop, receiver(status(503)), settings)
    assert (found["state"], found["statusCode"]) == ("pending", 503)
    assert found["retryReason"] == found["attempts"][0]["error"] == "The server responded with status 503."
    assert found["retryAt"] > found["sentAt"]
    assert found["attempts"][0]["retryAt"] > found["attempts"][0]["sentAt"]


def test_a_retry_sends_the_same_again(shop: Shop, receiver: Callable[..., Receiver], settings: Any) -> None:
    server = receiver()
    found = sent_to(shop, server, settings)
    answer = shop.client.send("post", f"{LOGS}/{found['id']}/retry")
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    deliver_batch()
    first, second = server.received
    assert first[1] == second[1]
    assert server.ids == [found["id"]] * 2


@pytest.mark.embedded
def test_test_event_ignores_the_event_filter(shop: Shop, receiver: Callable[..., Receiver], settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
    server = receiver()
    row = made(shop, url=server.url)
    shown = shop.client.send("post", f"{BASE}/{row.public_id}/test").json()
    assert (shown["event"], shown["state"], shown["statusCode"], shown["attempts"]) == (
        *("endpoint.test", "pending", None, []),
    )
    deliver_batch()
    body = json.loads(server.received[0][1])
    assert body["event"] == "endpoint.test"
    assert body["data"] == {"webhookId": row.public_id, "message": "This is a test."}


@pytest.mark.embedded
def test_inactive_webhook_sends_no_test_event(shop: Shop) -> None:
    row = made(shop, active=False)
    answer = shop.client.send("post", f"{BASE}/{row.public_id}/test")
    assert (answer.status_code, answer.json()["code"]) == (409, "ENDPOINT_NOT_SENDING")


def test_the_log_is_filtered(shop: Shop) -> None:
    first, second = made(shop), made(shop, events=["release.created"])
    shop.published()
    send_test_event(actor=system(), endpoint=first)
    Delivery.objects.filter(event__type="version.created").update(state="failed")

    def events(**query: Any) -> list[str]:
        return [row["event"] for row in shop.get(LOGS, **query).json()]

    assert events() == ["release.created", "release.published", "endpoint.test"]
    assert events(webhookId=second.public_id) == events(state="failed") == ["release.created"]
    assert events(event="release.published") == ["release.published"]
    assert events(sort="-createdAt", limit=1) == ["endpoint.test"]
    assert events(webhookId="nobody") == events(**{"createdAt[lt]": "2020-01-01"}) == []
    for wrong in ({"event": "version.published"}, {"state": "x"}, {"sort": "state"}, {"createdAt": "x"}):
        assert shop.get(LOGS, **wrong).status_code == 400
