"""Sources that never end: lists without a last page, lists that are too large, and bytes that hardly arrive."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from downloads.models import Category
from releasehub.importing import leases, listing
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.running import work
from releasehub.importing.services import start_run
from releasehub.importing.sources import http, xenforo
from releasehub.importing.sources.base import SourceRefused, SourceSettings
from releasehub.importing.sources.registry import kind_named
from tests.factories import system
from tests.importing.hosts import Host
from tests.importing.standins.server import Answer, Standin, running

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Run = Callable[..., ImportRun]


class Endless(Standin):
    """A host each of whose pages is empty and names a next one."""

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        return Answer([], headers={"Link": f'<{self.url}{path}?page={len(self.seen)}>; rel="next"'})


@pytest.fixture
def endless(settings: Any, source: ImportSource, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.0)
    with running(Endless()) as standin:
        ImportSource.objects.update(api_url=standin.url)
        yield standin


def test_list_without_an_end_is_given_up(endless: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTING_SECONDS", -1.0)
    done = run()
    assert done.state == "failed"
    assert "hours to list its releases" in done.message
    assert len(endless.seen) == 0


def test_list_of_empty_pages_extends_the_lease_and_can_be_canceled(endless: Any, source: ImportSource) -> None:
    started = start_run(actor=system(), source=source)
    original, until = leases.RunLease.note_bytes, []

    def note(lease: Any, count: int) -> None:
        until.append(ImportRun.objects.get().lease_until)
        if len(until) == 3:
            ImportRun.objects.update(cancel_requested_at=timezone.now())
        original(lease, count)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases.RunLease, "note_bytes", note)
        done = work(started.pk)
    assert done is not None
    assert (done.state, len(endless.seen)) == ("canceled", 2)
    assert until[0] < until[1] < until[2]


def test_worker_that_lost_the_run_stops_listing(endless: Any, source: ImportSource) -> None:
    started = start_run(actor=system(), source=source)
    original, calls = leases.RunLease.note_bytes, []

    def lose(lease: Any, count: int) -> None:
        calls.append(count)
        if len(calls) == 3:
            ImportRun.objects.update(lease_token="another worker")
        original(lease, count)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases.RunLease, "note_bytes", lose)
        assert work(started.pk) is None
    assert len(endless.seen) == 2


def test_list_with_too_many_values_is_not_parsed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_LIST_VALUES", 20)
    source = kind_named("github").build(SourceSettings("acme/tool", host.api))
    with pytest.raises(SourceRefused, match="more than 20 values"):
        list(source.releases())


def test_updates_of_a_resource_have_a_limit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forum(Standin):
        def answer(self, path: str, query: dict[str, str]) -> Answer:
            if path.endswith("/updates"):
                return Answer({"updates": [{"message": "x" * 600}], "pagination": {"last_page": 1000}})
            return Answer({"resource": {}, "versions": []})

    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    monkeypatch.setattr(xenforo, "MAX_UPDATE_CHARACTERS", 1000)
    with running(Forum()) as forum:
        source = kind_named("xenforo").build(SourceSettings("42", forum.url))
        with pytest.raises(SourceRefused, match="too long"):
            list(source.releases())
        assert len(forum.seen) == 3


def test_file_of_unknown_size_has_the_limit_of_the_category(run: Run, host: Host, source: ImportSource) -> None:
    """Otherwise the folder for temporary files takes all that a source sends."""
    host.has_length = False
    Category.objects.update(inherited={"max_file_bytes": 100})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("releasehub.importing.sources.github.number", _number_without_size)
        done = run()
    assert (done.state, done.failed_count) == ("done", 3)
    assert ImportSource.objects.get().releases.filter(reason__contains="more than 100 bytes").count() == 3


def _number_without_size(row: Any, name: str) -> Any:
    return None if name == "size" else row.get(name, 0)


def test_temporary_file_leaves_the_minimum_of_the_disk_free(run: Run, host: Host, settings: Any) -> None:
    host.has_length = False
    checked: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("releasehub.importing.sources.github.number", _number_without_size)
        patch.setattr("releasehub.importing.fetching.ensure_free", lambda path, size: checked.append(path))
        run()
    assert checked
    assert set(checked) == {Path(tempfile.gettempdir())}
