"""Retention rules delete old versions, and never one that a link to the latest version or an update check needs."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import Download
from downloads.services import place_hold
from files.models import DownloadDay, DownloadGrant
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.latest import latest_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.models import RetentionRule, RetentionRun
from releasehub.publishing.retention import running, selection, services
from releasehub.publishing.retention.protection import lasting_name
from releasehub.publishing.retention.running import apply_rules
from releasehub.publishing.retention.selection import RuleBook, select_versions
from releasehub.publishing.retention.services import create_rule, delete_rule, draft_rule, preview_rule, update_rule
from releasehub.publishing.retention.texts import DELETION_REASON
from releasehub.publishing.tasks import apply_retention
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.factories import make_category, make_download, make_file, make_user, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def release(download: Download, *numbers: str, name: str = "", days: int = 100, **fields: Any) -> list[Version]:
    """Publish versions with one file each, `days` ago."""
    made = [make_version(download, number, **fields) for number in numbers]
    for version in made:
        make_file(version, name=name or f"tool-{version.number}.zip")
    moment = timezone.now() - timedelta(days=days)
    Version.objects.filter(pk__in=[version.pk for version in made]).update(released_at=moment)
    return made


def selected(download: Download, **conditions: Any) -> list[str]:
    ids = select_versions(draft_rule(download=download, **conditions), [download])
    numbers = dict(Version.objects.values_list("pk", "number"))
    return [numbers[pk] for pk in ids]


def test_the_newest_of_each_line_and_channel_stay() -> None:
    download = make_download()
    release(download, "1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0")
    release(download, "2.2.0-beta.1", "2.2.0-beta.2", channel="beta")
    assert selected(download, keep_newest=1) == ["1.0.0", "1.1.0", "2.0.0", "2.2.0-beta.1"]
    assert selected(download, keep_newest=2) == ["1.0.0"]
    assert selected(download, keep_newest=1, line_parts=2) == ["2.2.0-beta.1"]


def test_all_conditions_that_are_set_have_to_hold() -> None:
    download = make_download()
    old, _, _ = release(download, "1.0.0", "1.1.0", "1.9.0")
    release(download, "1.2.0", days=5)
    assert selected(download, keep_newest=1, min_age_days=30) == ["1.0.0", "1.1.0"]
    assert selected(download, keep_newest=1, idle_days=30) == ["1.0.0", "1.1.0"]
    DownloadDay.objects.create(file=old.files.get(), day=timezone.now().date() - timedelta(days=3), downloads=1)
    assert selected(download, keep_newest=1, idle_days=30) == ["1.1.0"]
    DownloadDay.objects.update(downloads=0, bot_downloads=7)
    assert selected(download, keep_newest=1, idle_days=30) == ["1.0.0", "1.1.0"]
    DownloadGrant.objects.create(file=old.files.get(), visitor="a")
    assert selected(download, keep_newest=1, idle_days=30) == ["1.1.0"]


def test_the_last_version_for_a_platform_stays() -> None:
    download = make_download()
    windows = make_version(download, "1.0.0")
    make_file(windows, name="tool-1.0.0.exe", platform="windows")
    release(download, "1.1.0", "1.2.0")
    make_file(make_version(download, "1.3.0"), name="tool-1.3.0.exe", platform="win64")
    Version.objects.update(released_at=timezone.now() - timedelta(days=100))
    assert selected(download, keep_newest=1) == ["1.0.0", "1.1.0"]
    download.versions.get(number="1.3.0").files.update(platform="macos")
    assert selected(download, keep_newest=1) == ["1.1.0"]


def test_the_last_version_with_a_lasting_file_name_stays() -> None:
    download = make_download()
    release(download, "1.0.0", name="setup.exe")
    release(download, "1.1.0", "1.2.0")
    assert selected(download, keep_newest=1) == ["1.1.0"]
    assert lasting_name("tool-1.2.0-3f2a9c1.tar.gz", "1.2.0") == lasting_name("tool-1.3.0-77bb001.tar.gz", "1.3.0")
    assert lasting_name("setup.exe", "1.0.0") != lasting_name("setup.msi", "1.0.0")


def test_active_supported_and_unreleased_versions_stay() -> None:
    download = make_download()
    active, supported, _, _ = release(download, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    make_version(download, "0.9.0", state="draft")
    move(Move.ACTIVATE, actor=system(), version=active)
    Version.objects.filter(pk=supported.pk).update(end_of_support=timezone.now().date())
    assert selected(download, keep_newest=1) == ["1.2.0"]
    Version.objects.update(end_of_support=timezone.now().date() - timedelta(days=1))
    assert selected(download, keep_newest=1) == ["1.1.0", "1.2.0"]


def test_yanked_versions_do_not_count_as_the_newest() -> None:
    download = make_download()
    _, broken = release(download, "1.0.0", "1.1.0")
    move(Move.YANK, actor=system(), version=broken, reason="broken")
    assert selected(download, keep_newest=1) == ["1.1.0"]


@pytest.mark.parametrize("state", ["unlisted", "yanked", "without files"])
def test_the_newest_version_of_a_channel_stays_even_if_it_is_not_offered(state: str) -> None:
    download = make_download()
    made = release(download, "1.0.0", "2.0.0")
    if state == "unlisted":
        Version.objects.update(visibility="unlisted")
    elif state == "yanked":
        Version.objects.update(yanked_at=timezone.now())
    else:
        for version in made:
            version.files.all().delete()
    assert selected(download, keep_newest=1) == ["1.0.0"]


def test_the_newest_version_that_an_access_key_opens_stays() -> None:
    download = make_download()
    release(download, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    issue_access_key(actor=system(), download=download, name="A customer", highest_number="1.1")
    assert selected(download, keep_newest=1) == ["1.0.0", "1.2.0"]


def test_held_and_deleted_downloads_lose_nothing() -> None:
    download = make_download()
    release(download, "1.0.0", "1.1.0")
    assert selected(download, keep_newest=1) == ["1.0.0"]
    place_hold(actor=system(), download=download, reason="A case")
    assert selected(download, keep_newest=1) == []


def test_the_nearest_rule_applies_and_a_paused_one_exempts() -> None:
    root = make_category("Root")
    leaf = make_category("Leaf", parent=root)
    plain, special, leaf_download = (
        make_download(category=root),
        make_download(category=root),
        make_download(category=leaf),
    )
    of_root = create_rule(actor=system(), category=root, keep_newest=3)
    of_special = create_rule(actor=system(), download=special, is_active=False)
    book = RuleBook()
    assert [book.rule_for(row) for row in (plain, special, leaf_download)] == [of_root, of_special, of_root]
    release(special, "1.0.0", "1.1.0")
    assert select_versions(of_special, [special]) == []
    of_leaf = create_rule(actor=system(), category=leaf, keep_newest=1)
    assert RuleBook().rule_for(leaf_download) == of_leaf


def test_preview_takes_as_many_queries_for_many_downloads_as_for_one() -> None:
    category = make_category("Tools")
    rule = draft_rule(category=category, keep_newest=1, idle_days=30)
    numbers = []
    for count in (1, 3):
        while Download.objects.filter(category=category).count() < count:
            release(make_download(category=category), "1.0.0", "1.1.0", "1.2.0")
        with CaptureQueriesContext(connection) as queries:
            preview = preview_rule(rule)
        assert (preview.download_count, preview.deletion.counts["versions"]) == (count, 2 * count)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_preview_ends_after_a_number_of_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    category = make_category("Tools")
    for _ in range(3):
        release(make_download(category=category), "1.0.0", "1.1.0")
    rule = draft_rule(category=category, keep_newest=1)
    monkeypatch.setattr(services, "DOWNLOADS_AT_ONCE", 1)
    for most, expected in ((6, (2, True)), (7, (3, False)), (None, (3, False))):
        reports: list[tuple[int, int]] = []
        preview = preview_rule(rule, max_versions=most, report=lambda *counts, to=reports: to.append(counts))
        assert (preview.download_count, preview.is_partial) == expected
        assert preview.deletion.counts["versions"] == expected[0]
        assert reports == [(count, 2 * count) for count in range(1, expected[0] + 1)]


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_selection_does_not_depend_on_the_size_of_its_chunks(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "VERSIONS_AT_ONCE", at_once)
    first, second = make_download(), make_download()
    release(first, "1.0.0", "1.1.0", "1.2.0", "2.0.0")
    release(second, "1.0.0", "1.1.0", "1.2.0")
    release(second, "2.0.0-beta.1", "2.0.0-beta.2", channel="beta")
    Version.objects.filter(channel="beta").update(yanked_at=timezone.now())
    ids = select_versions(draft_rule(download=first, keep_newest=1), [first, second])
    found = [Version.objects.get(pk=pk) for pk in ids]
    assert [row.number for row in found if row.download == first] == ["1.0.0", "1.1.0"]
    assert [row.number for row in found if row.download == second] == ["1.0.0", "1.1.0", "2.0.0-beta.1"]


def test_run_deletes_softly_with_audit_and_event_and_links_still_resolve(client: Client) -> None:
    download = make_download(slug="tool")
    release(download, "1.0.0", "1.1.0", "1.2.0", "2.0.0")
    before = {line: latest_version(download, line=line) for line in ("", "1", "2")}
    create_rule(actor=system(), download=download, keep_newest=1, min_age_days=10)
    preview = preview_rule(RetentionRule.objects.get())
    assert preview.deletion.counts["versions"] == 2
    assert preview.deletion.working_links == 2
    assert apply_retention() == 2
    gone = Version.all_objects.deleted().order_by("number")
    assert [row.number for row in gone] == ["1.0.0", "1.1.0"]
    assert AuditEntry.objects.filter(action="version.delete_soft", channel="system").count() == 2
    assert Event.objects.filter(type="version.deleted").count() == 2
    assert {line: latest_version(download, line=line) for line in before} == before
    assert "A retention rule deleted" in client.get("/d/tool/1.0.0/tool-1.0.0.zip").content.decode()
    move(Move.RESTORE, actor=system(), version=gone[0])


@pytest.mark.parametrize("days", [-2, 365])
def test_a_run_starts_once_a_day_and_only_if_there_are_rules(days: int) -> None:
    assert apply_rules() is None
    download = make_download()
    create_rule(actor=system(), download=download, keep_newest=1)
    first = apply_rules()
    assert first is not None
    assert first.finished_at
    assert apply_rules() is None
    RetentionRun.objects.update(started_at=timezone.now() + timedelta(days=days))  # 365: while the clock was wrong
    assert apply_rules() not in {None, first}
    assert apply_rules() is None


def test_interrupted_run_continues_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = [make_download() for _ in range(3)]
    for download in downloads:
        release(download, "1.0.0", "1.1.0", "1.2.0")
        create_rule(actor=system(), download=download, keep_newest=1)
    monkeypatch.setattr(running, "VERSIONS_PER_TRANSACTION", 1)
    visited: list[int] = []
    real = running._apply_to

    def stop_at_the_second(run: Any, download: Download, *rest: Any) -> int:
        visited.append(download.pk)
        if len(visited) == 2:
            running._delete_batch(run, download, rest[0], running.DeletionPlan())
            raise KeyboardInterrupt
        return real(run, download, *rest)

    monkeypatch.setattr(running, "_apply_to", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        apply_rules()
    run = RetentionRun.objects.get()
    assert (run.finished_at, run.deleted_count, run.cursor) == (None, 3, downloads[0].pk)
    apply_rules()
    run.refresh_from_db()
    assert visited == [downloads[0].pk, downloads[1].pk, downloads[1].pk, downloads[2].pk]
    assert (run.finished_at is not None, run.deleted_count, Version.objects.count()) == (True, 6, 3)


@pytest.fixture
def selections(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Collect what the runs of a test select, with one version in each transaction."""
    found: list[list[int]] = []

    def select(*args: Any) -> list[int]:
        found.append(select_versions(*args))
        return found[-1]

    monkeypatch.setattr(running, "VERSIONS_PER_TRANSACTION", 1)
    monkeypatch.setattr(running, "select_versions", select)
    return found


def test_run_selects_once_for_all_batches(selections: list[list[int]]) -> None:
    download = make_download()
    release(download, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    create_rule(actor=system(), download=download, keep_newest=1)
    assert apply_retention() == 3
    assert [len(ids) for ids in selections] == [3]


@pytest.mark.parametrize("change", ["yank", "deletion", "rule", "download"])
def test_run_respects_what_changes_between_two_batches(
    change: str, selections: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    download = make_download()
    made = release(download, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    rule = create_rule(actor=system(), download=download, keep_newest=1, idle_days=30)
    delete_batch = running._delete_batch

    def change_after(*args: Any) -> int:
        count = delete_batch(*args)
        if Version.objects.count() != 3:
            return count
        if change == "yank":  # then 1.2.0 is the newest
            move(Move.YANK, actor=system(), version=made[3], reason="broken")
        elif change == "deletion":  # with a reason that the author copied from an older version
            move(Move.DELETE, actor=Actor(user=download.owner), version=made[3], reason=DELETION_REASON)
        elif change == "rule":
            update_rule(actor=system(), rule=rule, keep_newest=2)
        else:
            DownloadGrant.objects.create(file=made[2].files.get(), visitor="a")
        return count

    monkeypatch.setattr(running, "_delete_batch", change_after)
    apply_retention()
    both = ["1.2.0", "1.3.0"]
    expected = {"yank": ["1.2.0"], "deletion": ["1.2.0"], "rule": both, "download": both}[change]
    left = Version.objects.order_by("sort_key").values_list("number", flat=True)
    assert list(left) == expected
    assert len(selections) == (1 if change == "download" else 2)


def test_run_counts_only_its_own_deletions_if_two_workers_do_it_at_once(
    selections: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    download = make_download()
    release(download, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    create_rule(actor=system(), download=download, keep_newest=1)
    delete_batch, other_worker = running._delete_batch, running.DeletionPlan()

    def delete_in_turn(run: Any, download: Download, book: RuleBook, plan: running.DeletionPlan) -> int:
        count = delete_batch(run, download, book, plan)
        delete_batch(run, download, book, other_worker)
        return count

    monkeypatch.setattr(running, "_delete_batch", delete_in_turn)
    apply_rules()
    assert RetentionRun.objects.get().deleted_count == 3
    assert AuditEntry.objects.filter(action="version.delete_soft").count() == 3


def test_run_pauses_within_a_download_and_continues_there() -> None:
    download = make_download()
    release(download, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    create_rule(actor=system(), download=download, keep_newest=1)
    run = apply_rules(max_versions=2)
    assert run is not None
    # A transaction deletes up to 50 versions, so the pause is after the first.
    assert (run.deleted_count, run.finished_at) == (3, None)
    run = apply_rules(max_versions=2)
    assert run is not None
    assert (run.deleted_count, run.finished_at is None) == (3, False)


def test_only_staff_with_the_right_change_rules() -> None:
    download = make_download()
    moderator = Actor(user=make_user(is_staff=True, permissions=("moderate_download",)))
    keeper = Actor(user=make_user(is_staff=True, permissions=("change_retentionrule",)))
    for actor in (moderator, Actor(user=download.owner)):
        with pytest.raises(Denied):
            create_rule(actor=actor, download=download)
    rule = create_rule(actor=keeper, download=download, keep_newest=5)
    with pytest.raises(Conflict, match="has a retention rule already"):
        create_rule(actor=keeper, download=download)
    with pytest.raises(Invalid, match="either a category or a download"):
        create_rule(actor=keeper)
    with pytest.raises(Invalid):
        update_rule(actor=keeper, rule=rule, keep_newest=0)
    with pytest.raises(Denied):
        update_rule(actor=moderator, rule=rule, keep_newest=2)
    update_rule(actor=keeper, rule=rule, keep_newest=2)
    delete_rule(actor=keeper, rule=rule)
    rows = AuditEntry.objects.filter(action__startswith="retention_rule.").order_by("id")
    assert [(row.action, row.changes["keep_newest"], row.download_id) for row in rows] == [
        ("retention_rule.create", [None, 5], download.pk),
        ("retention_rule.update", [5, 2], download.pk),
        ("retention_rule.delete", [2, None], download.pk),
    ]


def test_command_previews_and_applies_the_rules() -> None:
    download = make_download(title="Tool")
    release(download, "1.0.0", "1.1.0")
    create_rule(actor=system(), download=download, keep_newest=1)
    out = StringIO()
    call_command("apply_retention", "--dry-run", stdout=out)
    assert "Deletes 1 version, 1 file." in out.getvalue()
    assert "versions: Tool 1.0.0" in out.getvalue()
    call_command("apply_retention", stdout=out)
    assert "1 versions deleted" in out.getvalue()


def test_selection_takes_the_same_number_of_queries_for_any_number_of_versions(
    django_assert_num_queries: Any,
) -> None:
    for count in (3, 9):
        download = make_download()
        release(download, *(f"1.{number}.0" for number in range(count)))
        rule = draft_rule(download=download, keep_newest=1, idle_days=30)
        with django_assert_num_queries(6):
            assert len(select_versions(rule, [download])) == count - 1
