"""The life of versions."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from downloads.models import Download
from downloads.services import create_category
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version, publish_due_versions
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.factories import make_download, make_user, make_version, system
from tests.racing import ends_of
from versions.models import Version
from versions.services import update_version

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("second", ["1.0", "1.0.0", "1.0.0+build", "v1.0"])
def test_equal_numbers_conflict(second: str) -> None:
    version = make_version(make_download(), "1.0")
    with pytest.raises(Conflict):
        make_version(version.download, second)


def test_other_channel_may_have_the_same_number() -> None:
    version = make_version(make_download(), "1.0")
    assert make_version(version.download, "1.0", channel="beta").number == "1.0"


@pytest.mark.parametrize("hard", [False, True])
def test_number_stays_reserved_after_deletion(hard: bool) -> None:
    version = make_version(make_download(), "1.0")
    delete_version(actor=system(), version=version, hard=hard)
    with pytest.raises(Conflict):
        make_version(version.download, "1.0.0")


def test_number_stays_reserved_after_renumbering() -> None:
    version = make_version(make_download(), "1.0")
    update_version(actor=system(), version=version, number="1.1")
    with pytest.raises(Conflict):
        make_version(version.download, "1.0")


def test_failed_creation_rolls_back() -> None:
    version = make_version(make_download(), "1.0")
    before = (Version.all_objects.count(), AuditEntry.objects.count(), Event.objects.count())
    with pytest.raises(Conflict):
        make_version(version.download, "1.0")
    assert (Version.all_objects.count(), AuditEntry.objects.count(), Event.objects.count()) == before


def test_declared_scheme_refuses_other_forms() -> None:
    download = make_download(version_scheme="calver")
    assert make_version(download, "2026.01.31-120000").scheme == "calver"
    with pytest.raises(Invalid):
        make_version(download, "1.0.0")


def test_publishing_needs_a_file() -> None:
    version = make_version(state="draft")
    with pytest.raises(Invalid):
        move(Move.PUBLISH, actor=system(), version=version)


def test_one_audit_row_and_event_per_change() -> None:
    version = make_version(state="draft", files=1)
    before = (AuditEntry.objects.count(), Event.objects.count())
    move(Move.PUBLISH, actor=system(), version=version)
    move(Move.PUBLISH, actor=system(), version=version)
    assert (AuditEntry.objects.count(), Event.objects.count()) == (before[0] + 1, before[1] + 1)


def test_sealed_version_cannot_be_changed() -> None:
    version = make_version(make_download(seal_on_publish=True), files=1)
    assert version.state == "draft"
    version = move(Move.PUBLISH, actor=system(), version=version)
    with pytest.raises(Conflict):
        update_version(actor=system(), version=version, title="Other")


def test_scheduled_version_is_published_when_due() -> None:
    version = make_version(state="scheduled", publish_at=timezone.now() + timedelta(hours=1), files=1)
    assert publish_due_versions() == (0, [])
    Version.objects.filter(pk=version.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    assert publish_due_versions() == (1, [])
    version.refresh_from_db()
    assert version.state == "published"


def test_scheduling_requires_a_future_time() -> None:
    with pytest.raises(Invalid):
        move(Move.SCHEDULE, actor=system(), version=make_version(state="draft"), publish_at=timezone.now())


def test_only_moderators_can_approve() -> None:
    category = create_category(actor=system(), title="Checked", requires_approval=True)
    owner = make_user()
    download = make_download(owner, category=category)
    version = create_version(actor=Actor(user=owner), download_id=download.pk, number="1.0")
    assert version.state == "pending"
    with pytest.raises(Denied):
        move(Move.PUBLISH, actor=Actor(user=owner), version=version)


def test_version_can_be_yanked_and_unyanked() -> None:
    version = move(Move.YANK, actor=system(), version=make_version(files=1), reason="bad")
    assert (version.is_yanked, version.yank_reason) == (True, "bad")
    assert not move(Move.UNYANK, actor=system(), version=version).is_yanked


def test_deleting_the_active_version_deactivates_it() -> None:
    first = make_version(files=1)
    second = make_version(first.download, files=1)
    move(Move.ACTIVATE, actor=system(), version=first)
    move(Move.ACTIVATE, actor=system(), version=second)
    assert list(Version.objects.filter(is_active=True)) == [second]
    delete_version(actor=system(), version=second)
    assert not Version.all_objects.filter(is_active=True).exists()


def test_state_and_fields_change_together_or_not_at_all() -> None:
    version = make_version(state="draft")
    with pytest.raises(Invalid):
        edit_version(actor=system(), version=version, state="published", title="New title")
    version.refresh_from_db()
    assert version.title == ""


STEPS: list[Any] = [
    lambda v: move(Move.PUBLISH, actor=system(), version=v),
    lambda v: move(Move.UNPUBLISH, actor=system(), version=v),
    lambda v: move(Move.ARCHIVE, actor=system(), version=v),
    lambda v: delete_version(actor=system(), version=v),
    lambda v: move(Move.RESTORE, actor=system(), version=v),
    lambda v: edit_version(actor=system(), version=v, visibility=random.choice(Version.Visibility.values)),
    lambda v: delete_version(actor=system(), version=v, hard=True),
]


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.embedded)])
def test_counts_are_correct_after_any_history(seed: int) -> None:
    random.seed(seed)
    download = make_download()
    for _ in range(6):
        make_version(download, files=1, state=random.choice(["draft", "published"]))
    for _ in range(40):
        versions = list(Version.all_objects.filter(download=download))
        if versions:
            try:
                random.choice(STEPS)(random.choice(versions))
            except (Conflict, Invalid):
                continue
    download.refresh_from_db()
    rows = Version.objects.filter(download=download)
    assert download.version_count == rows.count()
    assert download.listed_version_count == rows.listed().count()


def test_a_draft_is_no_update_of_its_download() -> None:
    """Everybody sees the time of the last update, and lists are sorted by it."""
    download = make_download()
    before = download.last_update_at
    draft = make_version(download, state="draft", files=1)
    delete_version(actor=system(), version=make_version(download, state="draft"))
    make_version(download, visibility="private")
    download.refresh_from_db()
    assert (download.last_update_at, download.version_count) == (before, 2)
    move(Move.PUBLISH, actor=system(), version=draft)
    download.refresh_from_db()
    assert download.last_update_at > before


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_racing_publishers_make_one_version() -> None:
    download = make_download()
    create = partial(create_version, actor=system(), download_id=download.pk, number="1.0.0")
    made, refusals = ends_of([create] * 16)
    assert (len(made), {type(error) for error in refusals}) == (1, {Conflict})
    assert Download.objects.get(pk=download.pk).version_count == 1


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_racing_activations_leave_one_active() -> None:
    download = make_download()
    versions = [make_version(download, f"1.{n}.0") for n in range(16)]
    _, errors = ends_of([partial(move, Move.ACTIVATE, actor=system(), version=version) for version in versions])
    assert errors == []
    assert Version.objects.filter(download=download, is_active=True).count() == 1


def waiting_for_approval() -> tuple[Actor, Version]:
    """A draft with a file where the category asks for approval, and its owner."""
    owner = make_user()
    category = create_category(actor=system(), title="Checked", requires_approval=True)
    version = make_version(make_download(owner, category=category), "1.0", state="draft", files=1)
    return Actor(user=owner), version


@pytest.mark.parametrize("state", ["published", "scheduled"])
def test_draft_cannot_bypass_approval(state: str) -> None:
    owner, version = waiting_for_approval()
    publish_at = timezone.now() + timedelta(days=1) if state == "scheduled" else None
    assert edit_version(actor=owner, version=version, state=state, publish_at=publish_at).state == "pending"
    with pytest.raises(Denied):
        move(Move.PUBLISH, actor=owner, version=version)
    assert move(Move.PUBLISH, actor=system(), version=version).state == "published"


def test_moderator_publishes_a_draft_at_once() -> None:
    _, version = waiting_for_approval()
    assert move(Move.PUBLISH, actor=system(), version=version).state == "published"


def test_control_characters_are_removed_from_texts() -> None:
    """No feed may contain them, and release notes from a terminal often do."""
    version = make_version()
    version = update_version(actor=system(), version=version, release_notes="\x1b[1ma\x00\ufffe\tb\r\nc")
    assert version.release_notes == "[1ma\tb\r\nc"
