"""A change of the default channel moves the links to the latest version, and never those to a version."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from downloads.services import update_download
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict
from releasehub.distribution.file_permalinks import find_exact, find_newest
from releasehub.distribution.permalinks import find_version
from releasehub.publishing.deletion import delete_version
from tests.factories import make_download, make_file, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db


@pytest.fixture
def download() -> Download:
    found = make_download(title="Tool")
    make_file(make_version(found, "1.0.0"), name="a.bin")
    return found


def change(download: Download, channel: str = "beta") -> Download:
    return update_download(actor=system(), download=download, default_channel=channel)


def test_latest_links_move_and_the_audit_row_says_so(download: Download) -> None:
    make_file(make_version(download, "2.0.0", channel="beta"), name="a.bin")
    assert find_newest(Actor(), download.slug, "a.bin").version.number == "1.0.0"
    change(download)
    assert find_newest(Actor(), download.slug, "a.bin").version.number == "2.0.0"
    row = AuditEntry.objects.filter(action="download.update").latest("id")
    assert row.changes["latest_links_lead_to"] == ["stable", "beta"]


def test_case_and_spaces_of_the_default_channel_make_no_second_channel() -> None:
    download = make_download(title="Tool", default_channel=" Beta ")
    assert download.default_channel == "beta"
    version = make_version(download, "1.0.0", files=1)
    assert version.channel == "beta"
    with pytest.raises(Conflict):
        make_version(download, "1.0.0", channel="BETA")
    assert find_version(Actor(), download, "1.0.0") == version
    assert change(download, " STABLE ").default_channel == "stable"


@pytest.mark.parametrize("state", ["published", "draft"])
def test_a_number_in_both_channels_refuses_the_change(download: Download, state: str) -> None:
    other = make_version(download, "1.0.0", channel="beta", state=state)
    before = find_exact(Actor(), download.slug, "1.0.0", "a.bin")
    with pytest.raises(Conflict) as refusal:
        change(download)
    assert "1.0.0" in refusal.value.message
    assert find_exact(Actor(), download.slug, "1.0.0", "a.bin") == before
    if state == "draft":
        delete_version(actor=system(), version=other)
        assert change(download).default_channel == "beta"
        assert find_exact(Actor(), download.slug, "1.0.0", "a.bin") == before


@pytest.mark.parametrize("spelling", ["1.0.0", "1.0"])
def test_link_does_not_move_when_the_number_is_published_later(download: Download, spelling: str) -> None:
    first = download.versions.get()
    changed = change(change(change(download), "stable"))
    with pytest.raises(Conflict):
        make_version(changed, spelling, channel="beta")
    assert find_exact(Actor(), download.slug, "1.0.0", "a.bin").version == first
    delete_version(actor=system(), version=first, hard=True)
    with pytest.raises(Conflict):
        make_version(changed, spelling, channel="beta")
    change(change(changed, "stable"))


def test_number_that_was_never_public_does_not_refuse_the_change(download: Download) -> None:
    make_version(download, "3.0.0", state="draft")
    make_version(download, "3.0.0", channel="beta")
    assert change(download).default_channel == "beta"


@pytest.mark.embedded
def test_admin_shows_a_warning_about_the_default_channel(download: Download) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    path = reverse("admin:downloads_download_change", args=[download.pk])
    page = client.get(path)
    assert "A change moves all links to the latest version" in page.content.decode()
    data: dict[str, Any] = {
        name: value for name, value in page.context["adminform"].form.initial.items() if value is not None
    }
    data |= {"default_channel": "beta", "tags": "[]"}
    for formset in page.context["inline_admin_formsets"]:
        data |= {f"{formset.formset.prefix}-TOTAL_FORMS": 0, f"{formset.formset.prefix}-INITIAL_FORMS": 0}
    answer = client.post(path, data, follow=True)
    assert "now lead to the channel beta" in answer.content.decode()


def test_channels_of_versions_are_found_one_by_one(download: Download) -> None:
    make_version(download, "2.0.0", channel="Nightly")
    make_version(download, "2.1.0", channel="beta")
    make_version(make_download(), "3.0.0", channel="alpha")
    versions = Version.objects.filter(download=download)
    assert versions.channels(5) == {"beta": "beta", "nightly": "Nightly", "stable": "stable"}
    assert list(versions.channels(2)) == ["beta", "nightly"]
