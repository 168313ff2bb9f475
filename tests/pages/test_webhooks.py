"""Webhook endpoints in the account."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import Download
from releasehub.core import encryption
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.disabling import disable_gone
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from tests.corpus import one_of_each
from tests.factories import make_download, make_organization, make_user, make_version, system
from tests.outbound.conftest import lookups as lookups
from tests.outbound.corpus import BLOCKED, REFUSED_WHEN_SAVED, host_of
from tests.undoing import undone

pytestmark = pytest.mark.django_db
URL = "https://93.184.215.14/hook"  # only validated, never connected to
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]


@pytest.fixture
def download() -> Download:
    return make_download(title="Tool")


@pytest.fixture
def owner(download: Download) -> Client:
    client = Client()
    client.force_login(download.owner)
    return client


def values(download: Download, **fields: Any) -> dict[str, Any]:
    return {"belongs_to": f"download-{download.pk}", "url": URL, "format": "standard"} | fields


def make(download: Download, **fields: Any) -> Endpoint:
    return create_endpoint(actor=system(), url=URL, download_id=download.pk, **fields)[0]


def delivery_of(endpoint: Endpoint, client: Client) -> Delivery:
    client.post(f"{endpoint.path}do/test/")
    return Delivery.objects.filter(endpoint=endpoint).latest("id")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_account_without_downloads_shows_a_hint(owner: Client) -> None:
    assert "There are no endpoints yet" in text(owner.get("/account/webhooks/"))
    stranger = Client()
    stranger.force_login(make_user())
    assert "You do not manage any downloads" in text(stranger.get("/account/webhooks/new/"))


def test_pages_need_a_sign_in(download: Download) -> None:
    row = make(download)
    for path in ("/account/webhooks/", "/account/webhooks/new/", row.path, f"{row.path}edit/"):
        assert Client().get(path)["Location"].startswith("/account/sign-in/")


def test_endpoint_is_created_on_the_page_and_its_secret_is_shown_once(owner: Client, download: Download) -> None:
    chosen = ["version.published", "version.deleted.soft"]
    form = values(download, title="Mirror", events_version=chosen, events_file=["file.*", "file.created"])
    answer = owner.post("/account/webhooks/new/", form)
    row = Endpoint.objects.get()
    found = re.search(r'id="secret">([^<]+)<', text(answer))
    assert found is not None
    assert found[1] == encryption.decrypt(row.sealed_secret)
    assert answer["Cache-Control"] == "no-store"
    assert row.events == ["version.published", "version.deleted.soft", "file.*"]
    assert (row.download_id, row.created_by, row.verify_tls) == (download.pk, download.owner, True)
    for path in ("/account/webhooks/", row.path, f"{row.path}edit/"):
        page = text(owner.get(path))
        assert "Mirror" in page
        assert found[1] not in page


def test_edit_form_shows_the_stored_values(owner: Client, download: Download) -> None:
    row = make(download, events=["version.deleted", "file.*"], title="Mirror")
    page = owner.get(f"{row.path}edit/")
    form = page.context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (False, None)}
    assert owner.post(f"{row.path}edit/", data | {"title": "Other"}).status_code == 302
    row.refresh_from_db()
    assert row.events == ["version.deleted.soft", "version.deleted.hard", "file.*"]
    assert (row.title, row.is_active) == ("Other", True)


def test_unchecked_box_makes_the_endpoint_inactive(owner: Client, download: Download) -> None:
    row = make(download)
    owner.post(f"{row.path}edit/", {"url": URL, "format": "v3"})
    row.refresh_from_db()
    assert (row.is_active, row.format) == (False, "v3")
    assert "inactive" in text(owner.get(row.path))


def test_only_staff_can_disable_tls_verification(owner: Client, download: Download) -> None:
    assert "verify_tls" not in text(owner.get("/account/webhooks/new/"))
    root = Client()
    root.force_login(make_user(is_staff=True, is_superuser=True))
    root.post("/account/webhooks/new/", values(download, belongs_to="site"))
    row = Endpoint.objects.get()
    assert (row.verify_tls, row.download_id) == (False, None)


def test_only_managed_downloads_can_be_selected(owner: Client, download: Download) -> None:
    other, organization = make_download(), make_organization(members=(download.owner,))
    for scope in (f"download-{other.pk}", f"organization-{organization.pk}", "site", "download-x", "nonsense"):
        assert owner.post("/account/webhooks/new/", values(download, belongs_to=scope)).status_code == 400
    assert not Endpoint.objects.exists()


def test_outsiders_find_no_webhooks(download: Download, owner: Client) -> None:
    row = make(download)
    delivery = delivery_of(row, owner)
    stranger = Client()
    stranger.force_login(make_user())
    assert row.public_id not in text(stranger.get("/account/webhooks/"))
    log = f"{row.path}log/{delivery.webhook_id}/"
    for path in (row.path, f"{row.path}edit/", f"{row.path}rotate/", f"{row.path}delete/", log):
        assert stranger.get(path).status_code == 404
    actions = (f"do/{name}/" for name in ("test", "pause", "resume", "cancel", "replay-failed"))
    posts = ("edit/", "rotate/", "delete/", "replay/", *actions)
    for path in (*(row.path + step for step in posts), f"{log}replay/"):
        assert stranger.post(path).status_code == 404
    row.refresh_from_db()
    assert (row.is_paused, row.sealed_previous_secret) == (False, "")


def test_changes_require_a_csrf_token(download: Download) -> None:
    row = make(download)
    client = Client(enforce_csrf_checks=True)
    client.force_login(download.owner)
    for step in ("edit/", "rotate/", "delete/", "replay/", "do/test/"):
        assert client.post(row.path + step).status_code == 403


def test_reading_changes_nothing(owner: Client, download: Download) -> None:
    row = make(download)
    for step in ("rotate/", "delete/"):
        assert owner.get(row.path + step).status_code == 200
    assert owner.get(f"{row.path}do/pause/").status_code == 405
    row.refresh_from_db()
    assert (row.is_paused, row.sealed_previous_secret) == (False, "")


def test_pause_resume_rotate_delete(owner: Client, download: Download) -> None:
    row = make(download)
    owner.post(f"{row.path}do/pause/")
    assert "paused" in text(owner.get(row.path))
    assert "Resume or activate it first" in text(owner.post(f"{row.path}do/test/", follow=True))
    owner.post(f"{row.path}do/resume/")
    page = text(owner.post(f"{row.path}rotate/"))
    row.refresh_from_db()
    assert (row.is_paused, row.is_previous_secret_valid) == (False, True)
    assert encryption.decrypt(row.sealed_secret) in page
    assert "contains two signatures" in page
    assert "is valid until" in text(owner.get(row.path))
    owner.post(f"{row.path}delete/")
    assert not Endpoint.objects.exists()


def test_an_unknown_action_is_404(owner: Client, download: Download) -> None:
    assert owner.post(f"{make(download).path}do/explode/").status_code == 404


def test_disabled_endpoint_is_shown_on_the_account_page(owner: Client, download: Download) -> None:
    row = make(download, title="Mirror")
    disable_gone(row.pk)
    for path in ("/account/", "/account/webhooks/", row.path):
        assert "410 (Gone)" in text(owner.get(path))
    other = Client()
    other.force_login(make_user())
    assert "Mirror" not in text(other.get("/account/"))


def test_delivery_log_is_filtered_and_paged(owner: Client, download: Download) -> None:
    row = make(download)
    for _ in range(30):
        delivery_of(row, owner)
    first = owner.get(row.path)
    shown = [delivery.pk for delivery in first.context["deliveries"]]
    older = owner.get(f"{row.path}?before={first.context['before']}")
    assert len(shown) == 25
    assert shown + [delivery.pk for delivery in older.context["deliveries"]] == list(
        Delivery.objects.order_by("-id").values_list("pk", flat=True)
    )
    Delivery.objects.filter(pk=shown[3]).update(state="failed")
    failed = owner.get(f"{row.path}?state=failed")
    assert [delivery.pk for delivery in failed.context["deliveries"]] == [shown[3]]
    for query in ("state=nonsense", "before=x", f"before={'9' * 30}", "before=²"):
        assert len(owner.get(f"{row.path}?{query}").context["deliveries"]) == 25


def test_delivery_page_shows_request_and_response(
    owner: Client, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make(download, format="mc_dm", events=["version.published"])
    make_version(download, "1.0.0")
    delivery = Delivery.objects.get()
    path = f"{row.path}log/{delivery.webhook_id}/"
    assert "created with the first attempt" in text(owner.get(path))
    refuse_connections(monkeypatch)
    deliver_batch()
    Attempt.objects.update(response="<script>alert(1)</script>", status_code=500)
    page = text(owner.get(path))
    assert "mc_dm_version" in page
    assert "XF-Webhook-Secret: [secret]" in page
    assert "Status 500" in page
    assert "<script>alert" not in page
    assert owner.get(f"{row.path}log/msg_x_1/").status_code == 404


def refuse_connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tried: list[str] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    return tried


def test_deliveries_are_replayed_from_the_page(owner: Client, download: Download) -> None:
    row = make(download)
    delivery = delivery_of(row, owner)

    def failed() -> None:
        Delivery.objects.update(state="failed")

    failed()
    owner.post(f"{row.path}log/{delivery.webhook_id}/replay/")
    assert Delivery.objects.get().state == "pending"
    failed()
    assert "1 delivery queued again" in text(owner.post(f"{row.path}do/replay-failed/", follow=True))
    failed()
    span = {"since": "2020-01-01T00:00", "until": "2100-01-01T00:00"}
    assert "1 delivery queued again" in text(owner.post(f"{row.path}replay/", span, follow=True))
    assert owner.post(f"{row.path}replay/", {"since": "x"}).status_code == 400
    assert "1 delivery canceled" in text(owner.post(f"{row.path}do/cancel/", follow=True))


@pytest.mark.embedded
def test_query_count_of_pages_is_constant(owner: Client, download: Download) -> None:
    row = make(download)
    paths = {"list": "/account/webhooks/", "endpoint": row.path, "form": "/account/webhooks/new/"}
    counts = set()
    for more in (1, 12):
        for _ in range(more):
            make(make_download(download.owner))
            log = f"{row.path}log/{delivery_of(row, owner).webhook_id}/"
        for name, path in (paths | {"delivery": log}).items():
            owner.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(path).status_code == 200
            counts.add((name, len(queries)))
    assert len(counts) == 4, counts


@pytest.mark.embedded
def test_forbidden_targets_are_refused_beside_the_field(
    owner: Client, download: Download, lookups: Lookups, subtests: pytest.Subtests
) -> None:
    row = make(download)
    for case in one_of_each(REFUSED_WHEN_SAVED, "stage"):
        lookups({host_of(case["url"]): case.get("resolves_to", [[]])})
        for path in ("/account/webhooks/new/", f"{row.path}edit/"):
            with subtests.test(case["id"], path=path):
                answer = owner.post(path, values(download, url=case["url"]))
                assert answer.status_code == 400
                assert answer.context["form"].errors.keys() == {"url"}
    assert Endpoint.objects.get().url == URL


def test_tests_and_replays_connect_to_no_refused_target(
    owner: Client, download: Download, lookups: Lookups, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    """One target of each stage; those of each class go through the API, which uses the same services."""
    tried = refuse_connections(monkeypatch)
    for case in one_of_each(BLOCKED, "stage"):
        with subtests.test(case["id"]), undone():
            row = make(download)
            Endpoint.objects.update(url=case["url"])
            lookups({host_of(case["url"]): case.get("resolves_to", [[]])[-1:]})
            delivery = delivery_of(row, owner)
            deliver_batch()
            owner.post(f"{row.path}log/{delivery.webhook_id}/replay/")
            deliver_batch()
            assert (Attempt.objects.count(), tried) == (2, [])


def test_authentication_is_set_kept_and_removed_on_the_page(owner: Client, download: Download) -> None:
    secret = {"auth_type": "header", "auth_name": "X-Api-Key", "auth_secret": "hunter2-hunter2"}
    owner.post("/account/webhooks/new/", values(download, **secret))
    row = Endpoint.objects.get()
    for path in (row.path, f"{row.path}edit/"):
        assert "hunter2-hunter2" not in text(owner.get(path))
    assert "X-Api-Key" in text(owner.get(row.path))
    owner.post(f"{row.path}edit/", {"url": URL, "format": "v3", "auth_type": ""})
    row.refresh_from_db()
    assert (row.format, row.auth_type, encryption.decrypt(row.sealed_auth_secret)) == (
        "v3",
        "header",
        "hunter2-hunter2",
    )
    owner.post(f"{row.path}edit/", {"url": URL, "format": "v3", "auth_type": "none"})
    row.refresh_from_db()
    assert (row.auth_type, row.auth_name, row.sealed_auth_secret) == ("none", "", "")
