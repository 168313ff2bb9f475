"""Preview links on the author's desk: create, copy, list and revoke them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import AccessKey, Download
from downloads.services import set_team_member
from tests.factories import make_user, make_version, system
from tests.sessions import signed_in
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def draft(download: Download) -> Version:
    return make_version(download, "2.0.0", state="draft", files=1)


def page(version: Version) -> str:
    return reverse("pages:desk-previews", args=[version.public_id])


def values(**changes: Any) -> dict[str, Any]:
    return {"name": "Testers", "expires_at": timezone.localdate() + timedelta(days=3), "uses": 5} | changes


def test_new_link_is_shown_once_and_works(author: Client, draft: Version) -> None:
    answer = author.post(page(draft), values())
    link = re.search(r'id="link">http://testserver(/preview/rhk_\w+/)<', answer.content.decode())
    assert link is not None
    assert answer["Cache-Control"] == "private, no-store"
    assert Client().get(link[1]).status_code == 200
    listed = author.get(page(draft)).content.decode()
    assert "Testers" in listed
    assert link[1] not in listed


def test_revoked_link_leads_back_to_the_links_of_the_version(author: Client, draft: Version) -> None:
    author.post(page(draft), values())
    key = AccessKey.objects.get()
    revoke = reverse("pages:access-key-revoke", args=[key.public_id])
    assert "The preview link no longer shows Tool 2.0.0" in author.get(revoke).content.decode()
    assert author.post(revoke)["Location"] == page(draft)
    assert "Revoked" in author.get(page(draft)).content.decode().replace("revoked", "Revoked")
    key.refresh_from_db()
    assert key.revoked_at is not None


@pytest.mark.parametrize(("field", "value"), [("expires_at", ""), ("expires_at", "2001-01-01"), ("expires_at", "2999-01-01"), ("uses", "0"), ("name", "")])  # fmt: skip # noqa: E501
def test_errors_are_shown_beside_the_field(author: Client, draft: Version, field: str, value: str) -> None:
    answer = author.post(page(draft), values(**{field: value}))
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {field}
    assert not AccessKey.objects.exists()


def test_links_are_listed_with_the_access_keys(author: Client, draft: Version) -> None:
    author.post(page(draft), values())
    assert "preview of 2.0.0" in author.get(reverse("pages:access-keys")).content.decode()


def test_page_of_the_version_leads_there_until_it_is_published(author: Client, download: Download) -> None:
    for state, is_offered in (("draft", True), ("published", False)):
        version = make_version(download, f"3.0.{int(is_offered)}", state=state, files=1)
        desk = author.get(reverse("pages:desk-version", args=[version.public_id])).content.decode()
        assert (page(version) in desk) == is_offered


def test_members_who_do_not_manage_the_team_see_no_links(draft: Version, download: Download) -> None:
    member = make_user("bob")
    set_team_member(actor=system(), download=download, user=member, flags={"can_upload"})
    client = signed_in(member)
    assert client.get(page(draft)).status_code == 403
    assert page(draft) not in client.get(reverse("pages:desk-version", args=[draft.public_id])).content.decode()
    assert signed_in(make_user("eve")).get(page(draft)).status_code == 404
