"""Imports in the admin: staff see them, start and cancel their runs, and never see a token."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.services import add_source
from tests.factories import make_download, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
SOURCES, RUNS = "/admin/importing/importsource/", "/admin/importing/importrun/"


@pytest.fixture
def source() -> ImportSource:
    return add_source(actor=system(), download=make_download(), kind="github", address="acme/tool", token="secret-t")


def client_of(**rights: Any) -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, **rights))
    return client


def act(client: Client, source: ImportSource, name: str) -> Any:
    return client.post(SOURCES, {"action": name, "_selected_action": [source.pk]}, follow=True)


def test_moderator_starts_and_cancels_runs(source: ImportSource) -> None:
    client = client_of(permissions=("moderate_download",))
    assert "a worker has begun" in act(client, source, "list_again").content.decode()
    assert ImportRun.objects.get().is_dry_run
    assert "A run of this import is under way" in act(client, source, "start").content.decode()
    act(client, source, "cancel")
    assert ImportRun.objects.get().state == "canceled"
    act(client, source, "start")
    assert ImportRun.objects.filter(is_dry_run=False).count() == 1
    assert "acme/tool" in client.get(RUNS).content.decode()


def test_pages_show_no_token(source: ImportSource) -> None:
    client = client_of(is_superuser=True)
    for path in (SOURCES, f"{SOURCES}{source.pk}/change/"):
        text = client.get(path).content.decode()
        assert "acme/tool" in text
        assert "secret-t" not in text
        assert source.sealed_token not in text


def test_other_staff_see_no_imports(source: ImportSource) -> None:
    client = client_of()
    assert client.get(SOURCES).status_code == 403
    assert act(client, source, "start").status_code == 403
    assert not ImportRun.objects.exists()
