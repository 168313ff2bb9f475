"""Imports that are interrupted: by the source, by a person, or by a kill."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from files.models import File, UploadSession
from files.uploads import fetched, immediate_verification
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied
from releasehub.importing import carrying_out, fetching, leases
from releasehub.importing.models import ImportedRelease, ImportRun, ImportSource
from releasehub.importing.running import MAX_INTERRUPTIONS_AT_RELEASE, work
from releasehub.importing.services import add_source, cancel_run, start_due_runs, start_run
from releasehub.importing.tasks import run_import, sweep_imports
from tests.factories import make_download, make_user, system
from tests.importing.hosts import Asset, Host, Release, stored_bytes
from versions.models import Version

pytestmark = pytest.mark.django_db
Run = Callable[..., ImportRun]
PART = 64 * 1024
BODY = bytes(range(256)) * 1024  # four parts


class Killed(BaseException):
    """Stands for a kill: nothing in the code handles it."""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    """A release with one file of four parts, whose connection ends in the third part."""
    monkeypatch.setattr(fetched, "PART_BYTES", PART)
    host.releases = [Release(1, "v1.0.0", [Asset(11, "tool.bin", BODY)])]
    host.cut_after = 2 * PART + 1000


def again(run: ImportRun) -> ImportRun:
    """Continue a run that waits, as if its time had come."""
    ImportRun.objects.filter(pk=run.pk).update(not_before=None)
    done = work(run.pk)
    assert done is not None
    return done


@pytest.mark.usefixtures("small_parts")
def test_cut_connection_continues_in_the_middle(run: Run, host: Host) -> None:
    waiting = run()
    assert (waiting.state, Version.objects.count()) == ("waiting", 0)
    assert again(waiting).state == "done"
    assert host.file_requests()[-1][1]["range"] == f"bytes={2 * PART}-"
    assert File.objects.get().size_bytes == len(BODY)


def test_file_that_a_killed_process_was_verifying_is_taken_up_later(run: Run, host: Host) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(immediate_verification, "verify_upload", lambda pk: None)  # another process has the lease
        patched.setattr(immediate_verification, "WAIT_SECONDS", -1.0)
        waiting = run()
    assert (waiting.state, waiting.failed_count, Version.objects.count()) == ("waiting", 0, 0)
    assert again(waiting).state == "done"
    assert Version.objects.count() == 3


@pytest.mark.usefixtures("small_parts")
def test_slow_file_gives_its_turn_to_a_run_that_waits(
    run: Run, host: Host, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.IMPORTS_AT_ONCE, host.cut_after = 1, len(BODY) + 1
    monkeypatch.setattr(fetching, "TURN_SECONDS", -1.0)
    monkeypatch.setattr(leases, "RENEW_SECONDS", -1.0)
    other = add_source(
        actor=system(), download=make_download(), kind="github", address="acme/tool", api_url=host.api, is_command=True
    )
    waiting = start_run(actor=system(), source=other)
    first = run()
    assert (first.state, first.interruptions, Version.objects.count()) == ("queued", 0, 0)
    cancel_run(actor=system(), run=waiting)
    assert again(first).state == "done"
    assert host.file_requests()[-1][1]["range"] == f"bytes={PART}-"


@pytest.mark.embedded
@pytest.mark.usefixtures("small_parts")
def test_source_without_ranges_is_read_from_the_beginning(run: Run, host: Host) -> None:
    host.has_ranges = False
    assert again(run()).state == "done"
    assert File.objects.get().size_bytes == len(BODY)


@pytest.mark.embedded
@pytest.mark.usefixtures("small_parts")
def test_file_that_changes_in_between_is_fetched_anew(run: Run, host: Host) -> None:
    host.has_digests = False
    waiting = run()
    host.releases[0].assets[0].body = BODY[::-1]
    done = again(waiting)
    assert done.state == "done"
    assert stored_bytes(File.objects.select_related("blob").get()) == BODY[::-1]


def test_kill_before_the_version_is_published_leaves_nothing_public(
    run: Run, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any, **options: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("releasehub.importing.carrying_out.create_with_files", die)
        with pytest.raises(Killed):
            run()
    assert not Version.objects.exists()
    killed = ImportRun.objects.get()
    assert (killed.state, work(killed.pk)) == ("running", None)  # the lease still holds
    ImportRun.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    assert sweep_imports() == 1
    host.seen.clear()
    done = work(killed.pk)
    assert done is not None
    assert (done.state, done.created_count) == ("done", 3)
    assert not any("/assets/11" in path for path, _ in host.file_requests())  # its bytes were there
    assert UploadSession.objects.filter(blob__isnull=False).count() == 0


def test_worker_that_lost_its_lease_publishes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    original = carrying_out.inspect_file

    def steal(*args: Any) -> Any:
        ImportRun.objects.update(lease_token="another worker")
        return original(*args)

    monkeypatch.setattr(carrying_out, "inspect_file", steal)
    with pytest.raises(AssertionError):  # `work` returns None
        run()
    assert not Version.objects.exists()


def test_run_that_never_gets_on_fails(source: ImportSource) -> None:
    run = start_run(actor=system(), source=source)
    ImportRun.objects.update(interruptions=20)
    done = work(run.pk)
    assert done is not None
    assert (done.state, Version.objects.count()) == ("failed", 0)


@pytest.mark.embedded
def test_file_that_its_host_has_lost_does_not_stop_later_releases(run: Run, host: Host) -> None:
    host.releases[-1].assets[0].lost = 500
    waiting = run()
    for _ in range(MAX_INTERRUPTIONS_AT_RELEASE):
        assert (waiting.state, waiting.failed_count) == ("waiting", 0)
        waiting = again(waiting)
    assert (waiting.state, waiting.created_count, waiting.failed_count) == ("done", 2, 1)
    assert "status 500" in ImportedRelease.objects.get(outcome="failed").reason


@pytest.mark.embedded
def test_source_that_is_down_fails_no_release(run: Run, host: Host) -> None:
    host.releases[-1].assets[0].lost = 500
    waiting = run()
    ImportRun.objects.update(interruptions=MAX_INTERRUPTIONS_AT_RELEASE)
    host.refusals = [(502, {})] * 5
    waiting = again(waiting)
    assert (waiting.state, waiting.failed_count) == ("waiting", 0)


@pytest.mark.usefixtures("small_parts")
def test_interruption_after_which_parts_have_arrived_does_not_count(run: Run, host: Host) -> None:
    waiting = run()
    interruptions = []
    for host.cut_after in (PART + 1000, 1000):
        host.cut.clear()
        waiting = again(waiting)
        interruptions.append(waiting.interruptions)
    assert interruptions == [0, 1]


@pytest.mark.embedded
@pytest.mark.usefixtures("small_parts")
def test_parts_of_a_file_that_changes_with_every_request_are_no_progress(run: Run, host: Host) -> None:
    host.has_digests, host.has_new_etags, host.cuts_always = False, True, True
    waiting = run()
    interruptions = []
    for _ in range(3):
        waiting = again(waiting)
        interruptions.append(waiting.interruptions)
    assert interruptions == [1, 2, 3]


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "120"}),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{reset}"}),
        (503, {"Retry-After": "120"}),
    ],
)
def test_source_that_asks_to_wait_is_left_alone_for_so_long(
    run: Run, host: Host, status: int, headers: dict[str, str]
) -> None:
    now = timezone.now()
    reset = str(int((now + timedelta(seconds=120)).timestamp()))
    host.refusals = [(status, {name: value.format(reset=reset) for name, value in headers.items()})]
    waiting = run()
    assert waiting.state == "waiting"
    assert waiting.not_before is not None
    assert timedelta(seconds=100) < waiting.not_before - now < timedelta(seconds=180)
    assert work(waiting.pk) is None  # not before its time
    assert again(waiting).state == "done"


@pytest.mark.embedded
@pytest.mark.parametrize(
    "text", ["soon", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +9999"]
)
def test_source_that_asks_to_wait_for_an_impossible_time_is_asked_again(run: Run, host: Host, text: str) -> None:
    host.refusals = [(503, {"Retry-After": text})]
    assert run().state == "waiting"


def test_canceled_run_stops_and_the_next_one_continues(run: Run, source: ImportSource) -> None:
    queued = start_run(actor=system(), source=source)
    assert cancel_run(actor=system(), run=queued).state == "canceled"
    assert work(queued.pk) is None
    assert run().created_count == 3


def test_running_run_notices_that_it_is_canceled(source: ImportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_run(actor=system(), source=source)
    monkeypatch.setattr("releasehub.importing.leases.RENEW_SECONDS", 0)
    asked = []

    def report(text: str) -> None:
        if "tool.bin" in text and not asked:
            asked.append(cancel_run(actor=system(), run=run).state)

    done = work(run.pk, report=report)
    assert asked == ["running"]
    assert done is not None
    assert (done.state, Version.objects.count()) == ("canceled", 0)


@pytest.mark.embedded
def test_slice_of_a_task_ends_between_two_releases(source: ImportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.importing.tasks.SLICE_SECONDS", -1)
    run = start_run(actor=system(), source=source)
    assert run_import(run.pk) == "queued"
    monkeypatch.setattr("releasehub.importing.tasks.SLICE_SECONDS", 60)
    assert run_import(run.pk) == "done"


def test_run_that_has_waited_longest_is_next(
    source: ImportSource, host: Host, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Otherwise a long import would take the only place again after each slice."""
    settings.IMPORTS_AT_ONCE = 1
    monkeypatch.setattr("releasehub.importing.tasks.SLICE_SECONDS", -1)
    hints: list[int] = []
    monkeypatch.setattr("releasehub.importing.tasks.hint", lambda task, run_id: hints.append(run_id))
    other = add_source(
        actor=system(), download=make_download(), kind="github", address="acme/tool", api_url=host.api, is_command=True
    )
    first, second = (start_run(actor=system(), source=row).pk for row in (source, other))
    for run_id in (first, second, first):
        run_import(run_id)
    assert hints == [second, first, second]


def test_schedule_does_not_wait_for_a_time_that_was_planned_while_the_clock_was_wrong(download: Any) -> None:
    source = add_source(
        actor=system(), download=download, kind="github", address="acme/tool", is_command=True, sync_hours=1
    )
    ImportSource.objects.update(next_sync_at=timezone.now() + timedelta(days=365))
    assert start_due_runs() == 1
    source.refresh_from_db()
    assert source.next_sync_at
    assert source.next_sync_at < timezone.now() + timedelta(hours=2)


def test_schedule_starts_runs_and_they_end_with_the_right_of_their_user(host: Host, download: Any) -> None:
    source = add_source(
        actor=Actor(user=download.owner), download=download, kind="github", address="acme/tool", api_url=host.api,
        sync_hours=1,
    )  # fmt: skip
    assert start_due_runs() == 0
    ImportSource.objects.update(next_sync_at=timezone.now() - timedelta(minutes=1))
    assert start_due_runs() == 1
    assert start_due_runs() == 0
    event = AuditEntry.objects.get(action="import.run")
    assert (event.actor_id, event.changes) == (None, {"is_dry_run": False, "is_scheduled": True})
    source.refresh_from_db()
    assert source.next_sync_at is not None
    assert source.next_sync_at > timezone.now()
    type(download).objects.filter(pk=download.pk).update(owner=make_user())
    done = work(ImportRun.objects.get().pk)
    assert done is not None
    assert (done.state, Version.objects.count()) == ("failed", 0)
    assert "may not post versions" in done.message


def test_stranger_may_not_import(host: Host, download: Any) -> None:
    with pytest.raises(Denied):
        add_source(
            actor=Actor(user=make_user()), download=download, kind="github", address="acme/tool", api_url=host.api
        )


def test_lease_is_extended_while_a_large_file_is_hashed(source: ImportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LONG_BYTES", 1)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.001)
    run = start_run(actor=system(), source=source)
    lease = leases.claim_run(run.pk, print)
    assert lease is not None
    extended = threading.Event()
    monkeypatch.setattr(lease, "_extend", extended.set)
    with lease.held(1):
        assert extended.wait(60)


def test_process_that_ends_gives_its_run_back(source: ImportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*args: Any) -> None:
        raise SystemExit

    run = start_run(actor=system(), source=source)
    with monkeypatch.context() as patch:
        patch.setattr(carrying_out, "inspect_file", end)
        with pytest.raises(SystemExit):
            work(run.pk)
    done = work(run.pk)
    assert done is not None
    assert done.state == "done"
