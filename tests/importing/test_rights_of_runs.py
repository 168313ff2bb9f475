"""The rights of the user who set up an import are those of the moment, also while a run is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from downloads.models import Download, TeamMember
from downloads.services import update_category
from files.quarantine import quarantine_file
from releasehub.accounts.models import User
from releasehub.accounts.services.exporting import export_personal_data
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.importing import carrying_out
from releasehub.importing.models import ImportedRelease, ImportRun, ImportSource
from releasehub.importing.opening import LEFT
from releasehub.importing.running import work
from releasehub.importing.services import add_source, change_source, start_run
from releasehub.webhooks.models import Event
from tests.factories import make_file, make_user, make_version, system
from tests.importing.hosts import TOKEN, Host
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def author(download: Download) -> User:
    user = make_user()
    TeamMember.objects.create(download=download, user=user, can_upload=True)
    return user


@pytest.fixture
def source(host: Host, download: Download, author: User) -> ImportSource:
    return add_source(actor=Actor(user=author), download=download, kind="github", address="acme/tool", api_url=host.api)


def test_rules_of_the_moment_apply(source: ImportSource, author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A category that begins to require approval, and bytes that are quarantined, after the run has begun."""
    fetch_file = carrying_out.fetch_file

    def fetch_then_tighten(**options: Any) -> Any:
        blob = fetch_file(**options)
        if blob.size_bytes == 200:  # the file of the third release
            file = make_file(make_version(), content=b"rc" * 100)
            quarantine_file(actor=system(), file=file, reason="Harmful.")
        if options["row"].release.tag == "v1.0.1":
            update_category(actor=system(), category=source.download.category, requires_approval=True)
        return blob

    monkeypatch.setattr(carrying_out, "fetch_file", fetch_then_tighten)
    run = work(start_run(actor=Actor(user=author), source=source).pk)
    assert run is not None
    versions = Version.all_objects.filter(download=source.download)
    assert dict(versions.values_list("number", "state")) == {"1.0.0": "published", "1.0.1": "pending"}
    assert (run.state, run.failed_count) == ("done", 1)


def disable(author: User) -> None:
    User.objects.filter(pk=author.pk).update(is_active=False)


def remove_from_team(author: User) -> None:
    TeamMember.objects.filter(user=author).delete()


def delete_download(author: User) -> None:
    Download.all_objects.update(deleted_at="2026-01-01T00:00:00Z")


@pytest.mark.parametrize("end", [disable, remove_from_team, delete_download])
def test_right_that_ends_while_a_file_is_fetched_publishes_nothing_more(
    source: ImportSource, author: User, monkeypatch: pytest.MonkeyPatch, end: Callable[[User], None]
) -> None:
    fetch_file, fetched = carrying_out.fetch_file, []

    def fetch_then_end(**options: Any) -> Any:
        blob = fetch_file(**options)
        fetched.append(options["row"].name)
        if len(fetched) == 2:  # the first release is published, and the second one has its first file
            end(author)
        return blob

    monkeypatch.setattr(carrying_out, "fetch_file", fetch_then_end)
    run = work(start_run(actor=Actor(user=author), source=source).pk)
    assert run is not None
    assert (run.state, run.message) == (ImportRun.State.FAILED, LEFT)
    assert [version.number for version in Version.all_objects.all()] == ["1.0.0"]
    assert len(fetched) < 4  # the third release is not even begun


def test_token_is_in_no_record(source: ImportSource, author: User, host: Host) -> None:
    """It is encrypted in the row of the source, and in no audit row, event, page of the run, or personal export."""
    change_source(actor=Actor(user=author), source=source, token=TOKEN)
    host.refusals = [(418, {})]
    host.message = f"Bad token {TOKEN}"
    for _ in range(2):
        work(start_run(actor=Actor(user=author), source=source).pk)
    exported = export_personal_data(actor=Actor(user=author), user=author)
    assert [row["address"] for row in exported["imports"]] == ["acme/tool"]
    rows = [list(model.objects.values()) for model in (AuditEntry, Event, ImportSource, ImportRun, ImportedRelease)]
    assert AuditEntry.objects.filter(action="import.update").exists()
    assert TOKEN not in repr((rows, exported))
    assert TOKEN in host.seen[-1][1]["authorization"]
