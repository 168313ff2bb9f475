"""The admin of retention rules, the page of deleted items, and what authors see of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download
from downloads.services import place_hold
from releasehub.accounts.models import User
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.services import create_rule
from tests.conftest import begin_with
from tests.factories import make_download, make_user, make_version, system
from versions.models import Version


@dataclass
class World:
    """A download with three old versions, and staff with different permissions."""

    download: Download
    keeper: User
    moderator: User
    eraser: User


def build() -> World:
    download = make_download(title="Tool")
    for number in ("1.0.0", "1.1.0", "1.2.0"):
        make_version(download, number, files=1)
    Version.objects.update(released_at=timezone.now() - timedelta(days=100))
    return World(
        download,
        make_user(is_staff=True, permissions=("moderate_download", "change_retentionrule")),
        make_user(is_staff=True, permissions=("moderate_download",)),
        make_user(is_staff=True, permissions=("moderate_download", "hard_delete_download")),
    )


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]
ADD = "admin:publishing_retentionrule_add"


def sign_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def test_rule_is_previewed_before_it_is_saved(world: World, client: Client) -> None:
    sign_in(client, world.keeper)
    form = {"download": world.download.pk, "category": "", "keep_newest": 1, "line_parts": 1, "min_age_days": 30,
            "idle_days": "", "is_active": "on"}  # fmt: skip
    page = client.post(reverse(ADD), form)
    text = page.content.decode()
    assert "Deletes 2 versions, 2 files." in text
    assert "<li>Tool 1.1.0</li>" in text
    assert not RetentionRule.objects.exists()
    answer = client.post(reverse(ADD), dict(page.context["posted"]) | {"previewed": "1"})
    assert answer.status_code == 302
    rule = RetentionRule.objects.get()
    assert (rule.download, rule.keep_newest, rule.min_age_days, rule.created_by) == (
        world.download, 1, 30, world.keeper)  # fmt: skip
    url = reverse("admin:publishing_retentionrule_change", args=[rule.pk])
    changed = client.post(url, {"keep_newest": 2, "line_parts": 1, "is_active": "on"})
    assert "Deletes 1 version, 1 file." in changed.content.decode()
    rule.refresh_from_db()
    assert rule.keep_newest == 1


def test_form_without_a_target_shows_the_error(world: World, client: Client) -> None:
    page = sign_in(client, world.keeper).post(reverse(ADD), {"keep_newest": 1, "line_parts": 1})
    assert "Choose either a category or a download." in page.content.decode()


def test_moderators_see_rules_and_do_not_change_them(world: World, client: Client) -> None:
    rule = create_rule(actor=system(), download=world.download, keep_newest=4)
    sign_in(client, world.moderator)
    assert "newest 4 of their line" in client.get(reverse("admin:publishing_retentionrule_changelist")).content.decode()
    assert client.get(reverse(ADD)).status_code == 403
    url = reverse("admin:publishing_retentionrule_change", args=[rule.pk])
    assert client.post(url, {"keep_newest": 1, "line_parts": 1}).status_code == 403


def test_deleted_items_are_listed_with_what_the_purge_erases(world: World, client: Client) -> None:
    delete_version(actor=system(), version=world.download.versions.get(number="1.0.0"), reason="too old")
    Version.all_objects.deleted().update(deleted_at=timezone.now() - timedelta(days=31))
    row = Version.all_objects.deleted().get()
    page = sign_in(client, world.moderator).get(reverse("admin:publishing_deleted")).content.decode()
    assert "Permanently deletes 1 version, 1 file." in page
    assert "too old" in page
    assert reverse("admin:versions_version_act", args=[row.pk, "restore"]) in page
    assert "Purge now" not in page


def test_purge_needs_the_right_and_the_typed_word(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("releasehub.backoffice.deleted_items.hint", asked.append)
    url = reverse("admin:publishing_deleted")
    sign_in(client, world.moderator).post(url, {"confirmation": "purge"})
    sign_in(client, world.eraser).post(url, {"confirmation": "yes"})
    assert asked == []
    assert client.post(url, {"confirmation": "purge"}).status_code == 302
    assert asked == ["files.purge_deleted"]


def test_pages_are_for_staff_with_the_right(world: World, client: Client) -> None:
    sign_in(client, make_user(is_staff=True))
    urls = [reverse("admin:publishing_deleted"), reverse("admin:publishing_retentionrule_changelist")]
    assert [client.get(url).status_code for url in urls] == [404, 403]


def test_page_of_a_huge_download_does_not_read_all_its_versions(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("releasehub.publishing.retention.outlook.MAX_EXAMINED_VERSIONS", 1)
    create_rule(actor=system(), download=world.download, keep_newest=1, min_age_days=30)
    url = reverse("pages:desk-download", args=[world.download.public_id])
    page = sign_in(client, world.download.owner).get(url).content.decode()
    assert "too many versions to list those that the next run deletes" in page
    assert "The next run deletes" not in page


def test_owner_reads_the_rule_and_the_hold(world: World, client: Client) -> None:
    url = reverse("pages:desk-download", args=[world.download.public_id])
    sign_in(client, world.download.owner)
    assert "Old versions" not in client.get(url).content.decode()
    create_rule(actor=system(), download=world.download, keep_newest=1, min_age_days=30)
    page = client.get(url).content.decode()
    assert "The next run deletes 2 versions:" in page
    assert "older than 30 days" in page
    place_hold(actor=system(), download=world.download, reason="Case 4711")
    held = client.get(url).content.decode()
    assert "under a legal hold" in held
    assert "4711" not in held
    assert "The next run" not in held
