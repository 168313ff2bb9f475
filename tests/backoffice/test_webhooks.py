"""Webhook endpoints and deliveries in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from releasehub.core import encryption
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from tests.factories import make_download, make_user

pytestmark = pytest.mark.django_db
URL = "https://93.184.215.14/hook"  # only validated, never connected to


def add(client: Client, **fields: Any) -> Any:
    data = {"url": URL, "description": "", "format": "standard", "is_active": "on"}
    return client.post("/admin/webhooks/endpoint/add/", data | fields)


def act(client: Client, kind: str, pk: int, name: str, **fields: str) -> None:
    answer = client.post(f"/admin/webhooks/{kind}/{pk}/act/{name}/", {"confirmed": "1"} | fields)
    assert answer.status_code == 302, answer.content


def test_endpoint_is_created_and_its_secret_is_shown_once(root: Client) -> None:
    page = add(root).content.decode()
    endpoint = Endpoint.objects.get()
    secret = page.partition("whsec_")[2].partition("<")[0]
    assert len(secret) > 20
    for address in ("", f"{endpoint.pk}/change/"):
        assert secret not in root.get(f"/admin/webhooks/endpoint/{address}").content.decode()


def test_forbidden_target_shows_an_error_next_to_the_field(root: Client) -> None:
    answer = add(root, url="http://169.254.169.254/latest")
    assert (answer.status_code, Endpoint.objects.count()) == (200, 0)


def test_endpoint_can_be_paused_resumed_rotated_and_deleted(root: Client) -> None:
    add(root)
    endpoint = Endpoint.objects.get()
    make_download()
    deliveries = Delivery.objects.count()
    delivery = Delivery.objects.latest("id")
    assert root.get("/admin/webhooks/delivery/").status_code == 200
    assert root.get(f"/admin/webhooks/delivery/{delivery.pk}/change/").status_code == 200
    act(root, "endpoint", endpoint.pk, "test")
    assert Delivery.objects.count() == deliveries + 1
    act(root, "endpoint", endpoint.pk, "pause", reason="maintenance")
    endpoint.refresh_from_db()
    assert endpoint.is_paused
    act(root, "endpoint", endpoint.pk, "resume")
    Delivery.objects.update(state="failed")
    act(root, "endpoint", endpoint.pk, "replay-failed")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    act(root, "delivery", delivery.pk, "replay")
    act(root, "endpoint", endpoint.pk, "delete", confirmation=URL)
    assert Endpoint.objects.count() == 0


def test_rotated_secret_is_shown_once(root: Client) -> None:
    add(root)
    endpoint = Endpoint.objects.get()
    before = endpoint.sealed_secret
    path = f"/admin/webhooks/endpoint/{endpoint.pk}/act/rotate-secret/"
    assert root.get(path).status_code == 200
    endpoint.refresh_from_db()
    assert endpoint.sealed_secret == before
    answer = root.post(path, {"confirmed": "1"})
    endpoint.refresh_from_db()
    secret = encryption.decrypt(endpoint.sealed_secret)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert endpoint.sealed_previous_secret == before
    assert secret not in root.get(f"/admin/webhooks/endpoint/{endpoint.pk}/change/").content.decode()


def test_rotating_several_secrets_shows_all_of_them(root: Client) -> None:
    add(root)
    add(root, url=URL + "2")
    ids = [str(pk) for pk in Endpoint.objects.values_list("pk", flat=True)]
    data = {"action": "rotate-secret", "_selected_action": ids, "confirmed": "1"}
    page = root.post("/admin/webhooks/endpoint/", data).content.decode()
    assert page.count("whsec_") == 2


def test_endpoint_form_stores_events_tls_verification_and_download(root: Client) -> None:
    add(root, events=["version.deleted.hard", "file.*"], title="Mirror")
    endpoint = Endpoint.objects.get()
    assert (endpoint.events, endpoint.verify_tls) == (["version.deleted.hard", "file.*"], False)
    page = root.get(f"/admin/webhooks/endpoint/{endpoint.pk}/change/").content.decode()
    assert page.count("checked") >= 2
    assert add(root, download_id="999999").status_code == 200
    assert Endpoint.objects.count() == 1


def test_endpoints_are_hidden_from_other_staff(root: Client) -> None:
    add(root)
    other = Client()
    other.force_login(make_user(is_staff=True, permissions=("moderate_download",)))
    assert URL not in other.get("/admin/webhooks/endpoint/").content.decode()
    assert other.get(f"/admin/webhooks/endpoint/{Endpoint.objects.get().pk}/change/").status_code in {302, 403, 404}
    assert add(other).status_code == 403


def test_attempt_is_labeled_with_its_number_only(root: Client) -> None:
    add(root)
    make_download()
    delivery = Delivery.objects.latest("id")
    Attempt.objects.create(delivery=delivery, number=5, result="delivered", started_at=timezone.now(), duration_ms=1)
    page = root.get(f"/admin/webhooks/delivery/{delivery.pk}/change/").content.decode().lower()
    assert "attempt 5" in page
    assert "attempt 5 of" not in page


def test_authentication_is_set_in_the_admin_and_not_shown(root: Client) -> None:
    add(root, auth_type="basic", auth_name="mirror", auth_secret="hunter2-hunter2")
    row = Endpoint.objects.get()
    assert encryption.decrypt(row.sealed_auth_secret) == "hunter2-hunter2"
    assert "hunter2-hunter2" not in root.get(f"/admin/webhooks/endpoint/{row.pk}/change/").content.decode()
