"""Prefixes on the wire of the mc-dm dialect, on the pages and in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Prefix
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Delivery
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_key, make_prefix, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def listed(client: ApiClient, query: str) -> list[str]:
    return [row["title"] for row in client.get(f"/api/mc-dm-downloads/?{query}").json()["downloads"]]


def test_prefix_id_is_written_shown_and_filtered() -> None:
    owner = make_user()
    client = ApiClient(make_key(owner))
    prefix = make_prefix("Beta", color="green")
    make_download(title="Plain")
    body: dict[str, Any] = {"title": "Labeled", "category_id": make_category().pk, "prefix_id": prefix.pk}
    created = client.send("post", "/api/mc-dm-downloads/", body).json()["download"]
    assert created["prefix_id"] == prefix.pk
    assert listed(client, f"prefix_id={prefix.pk}") == ["Labeled"]
    assert listed(client, "prefix_id=0") == ["Plain"]
    path = f"/api/mc-dm-downloads/{created['download_id']}/"
    full = client.get(f"{path}?with=full").json()["download"]
    assert full["Prefix"] == {"prefix_id": prefix.pk, "title": "Beta", "color": "green"}
    assert client.send("put", path, {"prefix_id": 0}).json()["download"]["prefix_id"] == 0


def test_prefix_that_does_not_fit_is_400() -> None:
    owner = make_user()
    client, download = ApiClient(make_key(owner)), make_download(owner)
    for prefix_id in (make_prefix(categories=(make_category(),)).pk, 999_999):
        response = client.send("put", f"/api/mc-dm-downloads/{download.pk}/", {"prefix_id": prefix_id})
        error = response.json()["errors"][0]
        assert (response.status_code, error["params"]["field"]) == (400, "prefix_id")


def test_category_shows_the_prefixes_that_fit_it() -> None:
    games, tools = make_category("Games"), make_category("Tools")
    anywhere, mod = make_prefix("Anywhere", display_order=2), make_prefix("Mod", categories=(games,), display_order=1)
    rows = ApiClient(make_key(is_super_user=True)).get("/api/mc-dm-categories/?with=full").json()["categories"]
    shown = {row["category_id"]: [prefix["prefix_id"] for prefix in row["Prefixes"]] for row in rows}
    assert shown == {games.pk: [mod.pk, anywhere.pk], tools.pk: [anywhere.pk]}


def test_webhook_can_be_limited_to_a_prefix() -> None:
    prefix = make_prefix()
    url, criteria = "https://93.184.215.14/hook", {"download": {"prefix_id": [prefix.pk]}}
    create_endpoint(actor=system(), url=url, format="mc_dm", events=["download.created"], criteria=criteria)
    make_download()
    assert not Delivery.objects.exists()
    make_download(prefix=prefix)
    assert Delivery.objects.get().event.data["prefix_id"] == prefix.pk


def test_pages_show_the_prefix() -> None:
    download = make_download(prefix=make_prefix("Early access", color="yellow"))
    for path in ("/", download.path):
        assert '<span class="badge warn">Early access</span>' in Client().get(path).content.decode()


def test_administrator_creates_and_limits_a_prefix() -> None:
    root, category = Client(), make_category()
    root.force_login(make_user("root", is_staff=True, is_superuser=True))
    body = {"title": "Addon", "color": "red", "display_order": 2, "categories": [category.pk]}
    assert root.post(reverse("admin:downloads_prefix_add"), body).status_code == 302
    prefix = Prefix.objects.get(title="Addon")
    assert [*prefix.categories.all()] == [category]
    root.post(reverse("admin:downloads_prefix_change", args=[prefix.pk]), body | {"categories": []})
    assert not prefix.categories.exists()
    root.post(reverse("admin:downloads_prefix_delete", args=[prefix.pk]), {"post": "yes"})
    assert not Prefix.objects.exists()
