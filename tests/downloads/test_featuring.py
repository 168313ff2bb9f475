"""Moderators choose the downloads that the front page shows first."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from downloads.services import feature_download, unfeature_download, update_download
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid
from tests.factories import make_download, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def featured() -> list[str]:
    return list(Download.objects.featured().values_list("title", flat=True))


def test_featured_downloads_have_an_order_and_audit_rows() -> None:
    first, second = make_download(title="First"), make_download(title="Second")
    feature_download(actor=system(), download=second)
    feature_download(actor=system(), download=first, place=1)
    feature_download(actor=system(), download=second, place=2)
    assert featured() == ["First", "Second"]
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.changes) == ("download.feature", {"featured_order": [1, 2]})
    unfeature_download(actor=system(), download=first)
    assert featured() == ["Second"]


def test_owners_do_not_feature_and_places_begin_at_one() -> None:
    download = make_download()
    with pytest.raises(Denied):
        feature_download(actor=Actor(user=download.owner), download=download)
    with pytest.raises(Invalid):
        feature_download(actor=system(), download=download, place=0)


def test_front_page_shows_featured_downloads_first_and_hides_private_ones(client: Client) -> None:
    shown, hidden = make_download(title="Shown"), make_download(title="Hidden")
    assert b"Featured" not in client.get("/").content
    for download in (shown, hidden):
        feature_download(actor=system(), download=download)
    update_download(actor=system(), download=hidden, visibility="private")
    text = client.get("/").content.decode()
    assert text.index('id="featured"') < text.index("Shown") < text.index('id="recent"')
    assert "Hidden" not in text


@pytest.mark.parametrize(("entered", "place"), [("", 1), ("7", 7), ("first", None)])
def test_staff_enter_the_place_in_the_admin(client: Client, entered: str, place: int | None) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    download = make_download()
    url = reverse("admin:downloads_download_act", args=[download.pk, "feature"])
    client.post(url, {"confirmed": "1", "reason": entered})
    download.refresh_from_db()
    assert download.featured_order == place
