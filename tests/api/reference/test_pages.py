"""The pages of the API reference."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from releasehub.api.reference.operations import groups
from releasehub.api.schema_view import schema_document

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
MAX_BYTES = 60 * 1024  # of a page, compressed


def test_every_operation_of_the_schema_is_on_one_page() -> None:
    in_schema = [(path, method.upper()) for path, row in schema_document()["paths"].items() for method in row]
    on_pages = [(row.path, row.method) for group in groups().values() for row in group.operations]
    assert sorted(on_pages) == sorted(in_schema)
    assert all(len({row.anchor for row in group.operations}) == len(group.operations) for group in groups().values())


def test_overview_links_every_group_and_each_page_is_light(client: Client) -> None:
    overview = client.get("/api/docs/").content.decode()
    for slug in groups():
        url = reverse("api-reference", args=[slug])
        assert f'href="{url}"' in overview
        assert len(gzip.compress(client.get(url).content)) < MAX_BYTES


def test_page_shows_command_fields_and_example(client: Client) -> None:
    text = client.get("/api/docs/versions/").content.decode()
    assert "$HUB/api/mc-dm-versions/" in text
    assert "version_string" in text
    assert "Acme Importer 1.4.0" in text


def test_command_of_a_form_has_its_required_fields_and_a_file(client: Client) -> None:
    assert "-F version_id=42 -F file=@tool.zip" in client.get("/api/docs/files/").content.decode()


def test_unknown_group_is_not_found(client: Client) -> None:
    assert client.get("/api/docs/nothing/").status_code == 404


def test_page_knows_the_signed_in_user(client: Client, django_user_model: type) -> None:
    user = django_user_model.objects.create_user("ann")  # type: ignore[attr-defined]
    client.force_login(user)
    assert "Sign out" in client.get("/api/docs/").content.decode()
