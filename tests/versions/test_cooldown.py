"""Cooldowns: what `min_age` means, the date of publication that never changes, and the date that ages count from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from downloads.models import Download, TeamMember
from downloads.services import restore_download, set_team_member, update_category, update_download
from downloads.services.ownership import hand_over
from files.blobs import keep_upload
from files.models import File
from files.services import add_file, restore_file, update_file
from files.uploads.validating import validate_file
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version, publish_due_versions
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.conftest import begin_with
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_key,
    make_user,
    make_version,
    stage,
    system,
)
from versions.cooldown import Cooldown
from versions.models import Version

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=400)
WEEK = Cooldown.parse("7d")


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("48h", timedelta(hours=48)),
        (" 7D ", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("520w", timedelta(weeks=520)),
    ],
)
def test_ages_are_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    cooldown = Cooldown.parse(text)
    assert cooldown is not None
    assert cooldown.min_age == expected


@pytest.mark.embedded
@pytest.mark.parametrize("text", ["", " ", "0d", "0h"])
def test_no_age_means_no_cooldown(text: str) -> None:
    assert Cooldown.parse(text) is None


@pytest.mark.embedded
@pytest.mark.parametrize(
    "text", ["7", "d", "7 days", "-7d", "1.5d", "P7D", "7y", "7d7h", "521w", "9999999w", "10000000m", "７d", "7\0d"]
)
def test_other_ages_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        Cooldown.parse(text)
    assert (caught.value.field, "7d (days)" in caught.value.message) == ("min_age", True)


def aged(version: Version, moment: datetime = LONG_AGO) -> Version:
    """Make the version and its publication as old as this, so that a new date is easy to tell."""
    Version.all_objects.filter(pk=version.pk).update(
        published_at=moment, released_at=moment, public_since=moment, created_at=moment
    )
    return Version.all_objects.select_related("download__category").get(pk=version.pk)


def read(version: Version) -> Version:
    return Version.all_objects.get(pk=version.pk)


def go(*moves: Move, **options: Any) -> Callable[[Version], Any]:
    def run(version: Version) -> None:
        for name in moves:
            version = move(name, actor=system(), version=version, **options)

    return run


def hide_and_show(version: Version) -> None:
    for visibility in ("private", "listed"):
        move(Move.SET_VISIBILITY, actor=system(), version=read_whole(version), visibility=visibility)


def unlist_and_list(version: Version) -> None:
    for visibility in ("unlisted", "listed"):
        move(Move.SET_VISIBILITY, actor=system(), version=read_whole(version), visibility=visibility)


def read_whole(version: Version) -> Version:
    return Version.all_objects.select_related("download__category").get(pk=version.pk)


def delete_and_restore(version: Version) -> None:
    delete_version(actor=system(), version=version)
    move(Move.RESTORE, actor=system(), version=read_whole(version))


def schedule_again(version: Version) -> None:
    version = move(Move.UNPUBLISH, actor=system(), version=version)
    version = move(Move.SCHEDULE, actor=system(), version=version, publish_at=timezone.now() + timedelta(hours=1))
    Version.objects.filter(pk=version.pk).update(publish_at=timezone.now())
    assert publish_due_versions() == (1, [])


def approve_again(version: Version) -> None:
    update_category(actor=system(), category=version.download.category, requires_approval=True)
    version = move(Move.UNPUBLISH, actor=Actor(user=version.download.owner), version=version)
    version = move(Move.PUBLISH, actor=Actor(user=version.download.owner), version=version)
    assert version.state == "pending"
    move(Move.PUBLISH, actor=system(), version=version)


def replace_files(version: Version) -> None:
    version = move(Move.UNPUBLISH, actor=system(), version=version)
    for file in version.files.all():
        delete_file(actor=system(), file=file)
    make_file(version, name="other.zip")
    move(Move.PUBLISH, actor=system(), version=read_whole(version))


def restore_a_file(version: Version) -> None:
    file = version.files.first()
    delete_file(actor=system(), file=file)
    file.refresh_from_db()
    restore_file(actor=system(), file=file)


def edit(**fields: Any) -> Callable[[Version], Any]:
    return lambda version: edit_version(actor=system(), version=version, **fields)


def draft_and_list(version: Version) -> None:
    """Do what a status of the engine dialect does."""
    for state in ("draft", "published"):
        edit(state=state)(read_whole(version))


def hide_the_download(version: Version) -> None:
    for visibility in ("private", "public"):
        update_download(actor=system(), download=version.download, visibility=visibility)


def delete_the_download(version: Version) -> None:
    delete_download(actor=system(), download=version.download)
    restore_download(actor=system(), download=Download.all_objects.get(pk=version.download_id))


# The age of a version that left the public lists counts anew, and so does that of one with new bytes.
RESTARTING: dict[str, Callable[[Version], Any]] = {
    "published again": go(Move.UNPUBLISH, Move.PUBLISH),
    "published again with other files": replace_files,
    "scheduled again": schedule_again,
    "approved again": approve_again,
    "hidden and shown": hide_and_show,
    "unlisted and listed": unlist_and_list,
    "deleted and restored": delete_and_restore,
    "engine draft and listed": lambda version: [
        edit(state=state)(read_whole(version)) for state in ("draft", "published")
    ],
    "file added": make_file,
    "file restored": restore_a_file,
}
KEEPING: dict[str, Callable[[Version], Any]] = {
    "archived and unarchived": go(Move.ARCHIVE, Move.UNARCHIVE),
    "archived and published": go(Move.ARCHIVE, Move.PUBLISH),
    "published twice": go(Move.PUBLISH, Move.PUBLISH),
    "yanked and unyanked": go(Move.YANK, Move.UNYANK),
    "activated": go(Move.ACTIVATE),
    "sealed": go(Move.PUBLISH, seal=True),
    "marked as a security release": go(Move.MARK_SECURITY, Move.UNMARK_SECURITY),
    "promoted": edit(channel="beta"),
    "renumbered": edit(number="7.0.0"),
    "edited": edit(release_notes="New words", platforms=["linux"]),
    "file renamed": lambda version: update_file(
        actor=system(), file=version.files.select_related("version__download").first(), display_label="For Linux"
    ),
    "file deleted": lambda version: delete_file(actor=system(), file=version.files.first()),
    "download hidden and shown": hide_the_download,
    "download deleted and restored": delete_the_download,
    "download handed over": lambda version: hand_over(actor=system(), download=version.download, heir=make_user()),
}


def old_version() -> Version:
    return aged(make_version(number="1.0.0", files=2))


@begin_with(old_version)
@pytest.mark.parametrize("path", RESTARTING)
def test_versions_with_new_bytes_and_versions_that_were_hidden_are_young(world: Version, path: str) -> None:
    begun = timezone.now()
    RESTARTING[path](world)
    after = read(world)
    assert after.is_listed
    assert after.public_since is not None
    assert begun <= after.public_since <= timezone.now()
    assert (after.published_at, after.released_at) == (LONG_AGO, LONG_AGO)


@begin_with(old_version)
@pytest.mark.parametrize("path", KEEPING)
def test_versions_that_stay_public_keep_their_age(world: Version, path: str) -> None:
    KEEPING[path](world)
    after = read(world)
    assert (after.public_since, after.published_at, after.released_at) == (LONG_AGO, LONG_AGO, LONG_AGO)


def test_a_twin_has_dates_of_its_own() -> None:
    version = aged(make_version(number="1.0.0", files=1, platforms=["linux"]))
    twin = make_version(version.download, "1.0.0", files=1, platforms=["windows"])
    assert read(version).published_at == LONG_AGO < read(twin).published_at
    assert read(version).public_since == LONG_AGO < read(twin).public_since


def test_an_old_date_of_creation_is_no_date_of_publication() -> None:
    before = timezone.now()
    version = read(make_version(files=1, created_at=LONG_AGO))
    assert version.created_at == LONG_AGO
    assert version.published_at is not None
    assert version.published_at >= before
    assert version.public_since is not None
    assert version.public_since >= version.published_at


def test_only_listed_versions_have_an_age() -> None:
    download = make_download()
    hidden = [
        make_version(download, "1.0.0", files=1, state="draft"),
        make_version(download, "2.0.0", files=1, visibility="unlisted"),
        make_version(download, "3.0.0", files=1, visibility="private"),
    ]
    assert [read(version).public_since for version in hidden] == [None] * 3


def test_versions_of_a_download_that_nobody_saw_are_young_when_it_is_shown() -> None:
    download = make_download(visibility="private")
    version = aged(make_version(download, files=1))
    begun = timezone.now()
    update_download(actor=system(), download=download, visibility="public")
    after = read(version)
    assert after.published_at == LONG_AGO
    assert after.public_since is not None
    assert after.public_since >= begun


def test_a_file_that_passes_its_check_later_makes_the_version_young() -> None:
    version = aged(make_version(files=1))
    file = make_file(version, name="later.bin")
    File.objects.filter(pk=file.pk).update(validation_status="pending")
    version, begun = aged(version), timezone.now()
    validate_file(file.pk)
    after = read(version)
    assert after.public_since is not None
    assert after.public_since >= begun


def test_cooldowns_select_by_age_and_exempt_security_releases() -> None:
    download = make_download()
    old = aged(make_version(download, "1.0.0", files=1))
    young = make_version(download, "2.0.0", files=1)
    fix = make_version(download, "3.0.0", files=1)
    move(Move.MARK_SECURITY, actor=system(), version=read_whole(fix))
    rows = Version.objects.filter(download=download).order_by("id")
    strict = Cooldown.parse("7d", exempts_security=False)
    assert list(rows.after_cooldown(None)) == [old, young, fix]
    assert list(rows.after_cooldown(WEEK)) == [old, fix]
    assert list(rows.after_cooldown(strict)) == [old]
    for cooldown in (WEEK, strict):
        assert cooldown is not None
        selected = [row for row in rows if cooldown.lets_through(row.public_since, row.is_security_release)]
        assert selected == list(rows.after_cooldown(cooldown))


def team_member(download: Download, *flags: str) -> Actor:
    user = make_user()
    set_team_member(actor=system(), download=download, user=user, flags=set(flags))
    return Actor(user=user)


def test_marking_needs_the_right_to_manage_versions() -> None:
    version = read_whole(make_version(files=1))
    uploader = team_member(version.download, "can_upload", "can_edit", "can_manage_files")
    for name in (Move.MARK_SECURITY, Move.UNMARK_SECURITY):
        with pytest.raises(Denied):
            move(name, actor=uploader, version=version)
    manager = team_member(version.download, "can_manage_versions")
    assert move(Move.MARK_SECURITY, actor=manager, version=version).is_security_release


def test_marking_while_creating_and_editing_needs_the_same_right() -> None:
    download = make_download(category=make_category())
    uploader = team_member(download, "can_upload", "can_edit", "can_manage_files")
    create: Any = partial(create_version, download_id=download.pk, number="1.0.0", is_security_release=True)
    with pytest.raises(Denied):
        create(actor=uploader)
    assert not Version.objects.filter(download=download).exists()
    version = create(actor=Actor(user=download.owner))
    assert version.is_security_release
    with pytest.raises(Denied):
        edit_version(actor=uploader, version=version, is_security_release=False, title="New")
    assert not read(version).title
    assert not edit_version(
        actor=Actor(user=download.owner), version=read_whole(version), is_security_release=False
    ).is_security_release


def test_marks_are_audited_with_the_actor_and_the_time() -> None:
    version = make_version(files=1)
    owner = Actor(user=version.download.owner)
    move(Move.MARK_SECURITY, actor=owner, version=read_whole(version), reason="CVE-2026-1")
    move(Move.MARK_SECURITY, actor=owner, version=read_whole(version))  # changes nothing, so nothing is recorded
    move(Move.UNMARK_SECURITY, actor=owner, version=read_whole(version))
    entries = AuditEntry.objects.filter(action__in=["version.mark_security", "version.unmark_security"]).order_by("id")
    told = [(entry.actor_id, entry.action, entry.reason, entry.changes) for entry in entries]
    assert told == [
        (version.download.owner_id, "version.mark_security", "CVE-2026-1", {"is_security_release": [False, True]}),
        (version.download.owner_id, "version.unmark_security", "", {"is_security_release": [True, False]}),
    ]
    event = Event.objects.filter(type="version.updated").order_by("id").first()
    assert event is not None
    assert event.data["is_security_release"] is True


@pytest.mark.parametrize(
    ("flags", "scopes", "is_kept"),
    [
        (set(TeamMember.FLAGS), None, True),
        (set(TeamMember.FLAGS), [Scope.DOWNLOAD_WRITE, Scope.VERSION_MARK_SECURITY], True),
        (set(TeamMember.FLAGS), [Scope.DOWNLOAD_WRITE], False),
        ({"can_upload"}, None, False),
        ({"can_upload"}, [Scope.DOWNLOAD_WRITE, Scope.VERSION_MARK_SECURITY], False),
    ],
)
@pytest.mark.parametrize("state", ["draft", "published"])
def test_mark_ends_with_a_file_of_somebody_who_may_not_set_it(
    flags: set[str], scopes: list[Scope] | None, is_kept: bool, state: str
) -> None:
    version = make_version(files=1, state=state)
    actor = team_member(version.download, *flags)
    assert actor.user is not None
    if scopes is not None:
        make_key(actor.user, scopes=[scope.value for scope in scopes])
        actor.api_key_id = ApiKey.objects.get(user=actor.user).pk
    move(Move.MARK_SECURITY, actor=system(), version=read_whole(version))
    blob = keep_upload(stage(b"other bytes"))
    add_file(actor=actor, version=read_whole(version), filename="other.bin", blob=blob, warnings=[])
    assert read(version).is_security_release == is_kept
    if not is_kept:
        entry = AuditEntry.objects.get(action="version.unmark_security")
        assert entry.changes == {"is_security_release": [True, False]}
        assert "may not mark security releases" in entry.reason


def test_mark_ends_with_a_file_that_somebody_restores_who_may_not_set_it() -> None:
    version = make_version(files=2)
    file = version.files.first()
    delete_file(actor=system(), file=file)
    move(Move.MARK_SECURITY, actor=system(), version=read_whole(version))
    rows = File.all_objects.select_related("version__download__category")
    restore_file(actor=team_member(version.download, "can_manage_files"), file=rows.get(pk=file.pk))
    assert not read(version).is_security_release
