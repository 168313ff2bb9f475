"""Tests of the services and permissions of endpoints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from releasehub.accounts.models import Membership
from releasehub.audit.models import AuditEntry
from releasehub.core import encryption
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound
from releasehub.webhooks import policies, querysets
from releasehub.webhooks.bodies import keys_of
from releasehub.webhooks.endpoint_secrets import REPEATED_WITHIN, rotate_secret
from releasehub.webhooks.endpoint_states import pause_endpoint, resume_endpoint, send_test_event
from releasehub.webhooks.endpoints import create_endpoint, delete_endpoint, update_endpoint
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import visible_endpoints
from tests.factories import make_organization, make_user, system
from tests.outbound.conftest import lookups as lookups
from tests.webhooks.conftest import SECRET, announce, make_endpoint

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8080/hook/token-in-path"


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_generated_secret_is_returned_and_stored_encrypted() -> None:
    endpoint, secret = create_endpoint(actor=system(), url=URL)
    assert secret.startswith("whsec_")
    assert secret not in endpoint.sealed_secret
    assert encryption.decrypt(endpoint.sealed_secret) == secret
    entry = AuditEntry.objects.get()
    assert entry.action == "endpoint.create"
    assert entry.changes["host"] == "127.0.0.1:8080"
    assert "token-in-path" not in str(entry.changes)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("url", {"url": "ftp://127.0.0.1/"}),
        ("url", {"url": "http://10.0.0.1/"}),
        ("url", {"url": "http://user:pw@x@127.0.0.1/"}),
        ("url", {"url": "http://user\\:pw@127.0.0.1/"}),
        ("auth_name", {"url": "http://:pw@127.0.0.1/"}),
        ("url", {"url": "http://127.0.0.1/" + "x" * 2000}),
        ("secret", {"secret": "short"}),
        ("secret", {"secret": "whsec_AAAA"}),
        ("events", {"events": ["version.exploded"]}),
        ("events", {"events": "version.created"}),
        ("events", {"events": [["version.created"]]}),
        ("criteria", {"criteria": []}),
        ("criteria", {"criteria": {"planet": {}}}),
        ("criteria", {"criteria": {"version": {"channel": "stable"}}}),
        ("format", {"format": "xml"}),
        ("description", {"description": "x" * 201}),
        ("disabled_reason", {"disabled_reason": "x"}),
    ],
)
def test_invalid_values_are_rejected(field: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        create_endpoint(actor=system(), **({"url": URL} | fields))
    assert caught.value.field == field
    assert not Endpoint.objects.exists()
    if field != "secret":
        endpoint = make_endpoint(URL)
        with pytest.raises(Invalid):
            update_endpoint(actor=system(), endpoint=endpoint, **fields)


@pytest.mark.embedded
def test_loopback_is_refused_unless_listed(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = []
    with pytest.raises(Invalid):
        create_endpoint(actor=system(), url=URL)


@pytest.mark.embedded
def test_url_is_accepted_if_its_name_cannot_be_resolved(lookups: Any, settings: Any) -> None:
    """Every attempt checks the address again."""
    settings.WEBHOOK_ALLOW_NETS = []
    lookups({"silent.example": [["SERVFAIL"]], "unknown.example": [[]]})
    for name in ("silent.example", "user:password@unknown.example"):
        assert create_endpoint(actor=system(), url=f"https://{name}/hook")[0].pk


def test_endpoint_has_one_scope() -> None:
    with pytest.raises(Invalid):
        make_endpoint(URL, organization=make_organization(), download_id=1)
    endpoint = make_endpoint(URL, organization=make_organization())
    with pytest.raises(IntegrityError), transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(download_id=1)


def test_update_records_the_changes() -> None:
    endpoint = make_endpoint(URL)
    update_endpoint(actor=system(), endpoint=endpoint, description="hook")
    update_endpoint(actor=system(), endpoint=endpoint, description="hook")
    update_endpoint(actor=system(), endpoint=endpoint, url=URL + "2")
    entries = AuditEntry.objects.filter(action="endpoint.update").order_by("id")
    assert [entry.changes for entry in entries] == [
        {"description": ["", "hook"]},
        {"url": ["127.0.0.1:8080", "127.0.0.1:8080"]},
    ]


def test_all_endpoint_changes_are_audited() -> None:
    endpoint = make_endpoint(URL)
    rotate_secret(actor=system(), endpoint=endpoint)
    send_test_event(actor=system(), endpoint=endpoint)
    pause_endpoint(actor=system(), endpoint=endpoint)
    pause_endpoint(actor=system(), endpoint=endpoint)
    resume_endpoint(actor=system(), endpoint=endpoint)
    resume_endpoint(actor=system(), endpoint=endpoint)
    delete_endpoint(actor=system(), endpoint=endpoint)
    assert actions() == [
        f"endpoint.{verb}" for verb in ("create", "rotate_secret", "test", "pause", "resume", "delete")
    ]
    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()


def test_rotation_keeps_one_previous_secret() -> None:
    endpoint = make_endpoint(URL)
    second = rotate_secret(actor=system(), endpoint=endpoint)
    Endpoint.objects.update(previous_secret_until=F("previous_secret_until") - 2 * REPEATED_WITHIN)
    third = rotate_secret(actor=system(), endpoint=endpoint, secret="chosen-token")
    endpoint.refresh_from_db()
    assert third == "chosen-token"
    assert encryption.decrypt(endpoint.sealed_secret) == third
    assert encryption.decrypt(endpoint.sealed_previous_secret) == second
    assert SECRET not in (second, third)


@pytest.mark.embedded
@pytest.mark.parametrize("secret", ["", "chosen-token"])
def test_rotation_that_is_sent_twice_keeps_the_secret_that_the_receiver_has(secret: str) -> None:
    endpoint = make_endpoint(URL)
    for _ in range(2):
        newest = rotate_secret(actor=system(), endpoint=endpoint, secret=secret)
    endpoint.refresh_from_db()
    assert keys_of(endpoint) == (newest, SECRET)


@pytest.mark.embedded
def test_rotation_replaces_a_secret_that_cannot_be_decrypted(settings: Any) -> None:
    endpoint = make_endpoint(URL)
    settings.SECRET_KEY = "another-key"
    assert keys_of(endpoint) == ()
    newest = rotate_secret(actor=system(), endpoint=endpoint)
    endpoint.refresh_from_db()
    assert endpoint.is_previous_secret_valid
    assert keys_of(endpoint) == (newest,)


@pytest.mark.embedded
def test_rotation_without_an_overlap_ends_the_previous_secret_at_once() -> None:
    endpoint = make_endpoint(URL)
    rotate_secret(actor=system(), endpoint=endpoint)
    newest = rotate_secret(actor=system(), endpoint=endpoint, overlap=timedelta(0))
    endpoint.refresh_from_db()
    assert keys_of(endpoint) == (newest,)


@pytest.mark.embedded
def test_test_event_requires_a_sending_endpoint() -> None:
    endpoint = pause_endpoint(actor=system(), endpoint=make_endpoint(URL))
    with pytest.raises(Conflict):
        send_test_event(actor=system(), endpoint=endpoint)


def test_resuming_enables_a_disabled_endpoint() -> None:
    endpoint = make_endpoint(URL)
    Endpoint.objects.update(disabled_at="2026-01-01T00:00Z", disabled_reason="why", consecutive_failures=9)
    endpoint = resume_endpoint(actor=system(), endpoint=endpoint)
    assert (endpoint.is_disabled, endpoint.disabled_reason, endpoint.consecutive_failures) == (False, "", 0)


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[int]]:
    """Return a table of the downloads that each user manages, which stands for the app of downloads."""
    table: dict[int, set[int]] = {}
    monkeypatch.setattr(policies, "can_manage_rules", [lambda actor, pk: pk in table.get(actor.user_id or 0, ())])
    monkeypatch.setattr(querysets, "managed_ids_rules", [lambda actor: table.get(actor.user_id or 0, ())])
    return table


def test_policy_and_visible_endpoints_agree(managed: dict[int, set[int]]) -> None:
    member, admin, manager, staff, stranger = (make_user() for _ in range(5))
    staff.is_staff = staff.is_superuser = True
    staff.save()
    organization = make_organization(members=(member, admin))
    Membership.objects.filter(user=admin).update(role=Membership.Role.ADMIN)
    managed[manager.pk] = {7}
    site = make_endpoint(URL)
    own = make_endpoint(URL, organization=organization)
    download, other = make_endpoint(URL, download_id=7), make_endpoint(URL, download_id=8)
    everything = {site, own, download, other}
    expected = {member: set(), admin: {own}, manager: {download}, staff: everything, stranger: set()}
    for user, seen in expected.items():
        actor = Actor(user=user)
        assert set(visible_endpoints(actor)) == seen
        assert {row for row in everything if endpoint_policy.can_view(actor, row)} == seen
    nobody = Actor()
    assert not visible_endpoints(nobody).exists()
    assert not any(endpoint_policy.can_view(nobody, row) for row in everything)


def test_bound_key_has_access_to_its_downloads_only(managed: dict[int, set[int]]) -> None:
    user = make_user(is_superuser=True, is_staff=True)
    actor = Actor(user=user, bound_download_ids=frozenset({7}))
    bound = make_endpoint(URL, download_id=7)
    make_endpoint(URL, download_id=8)
    make_endpoint(URL)
    assert list(visible_endpoints(actor)) == [bound]
    with pytest.raises(Denied):
        create_endpoint(actor=actor, url=URL)


@pytest.mark.embedded
def test_other_users_cannot_change_an_endpoint() -> None:
    actor, endpoint = Actor(user=make_user()), make_endpoint(URL)
    announce()
    before = AuditEntry.objects.count()
    for service in (update_endpoint, delete_endpoint, pause_endpoint, resume_endpoint, rotate_secret, send_test_event):
        with pytest.raises(NotFound):
            service(actor=actor, endpoint=endpoint)
    for fields, refusal in (
        ({}, Denied),
        ({"download_id": 7}, NotFound),
        ({"organization": make_organization()}, NotFound),
    ):
        with pytest.raises(refusal):
            create_endpoint(actor=actor, url=URL, **fields)
    assert AuditEntry.objects.count() == before
