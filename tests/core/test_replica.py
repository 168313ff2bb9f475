"""Tests that anonymous visitors read from the replica, all others from the primary, and that its failures are unseen.

The replica is a copy of the SQLite database in which the title of the download differs: each answer tells its source.
"""

from __future__ import annotations

import copy
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import Download
from downloads.services import update_download
from files.models import DownloadGrant, File
from releasehub.core import anonymous_cache
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.cluster import replica
from releasehub.core.cluster.change_channel import ChangeChannel, waiting_messages
from releasehub.core.cluster.replica_health import REPLICA_ALIAS, ReplicaHealth
from releasehub.distribution import links
from tests.factories import make_download, make_file, make_key, make_version, system

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
PRIMARY, REPLICA = "Title on the primary", "Title on the replica"


class Clockwork(ReplicaHealth):
    """A health whose thread never runs, and which has just seen the replica catch up."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = object()  # type: ignore[assignment]

    def catch_up(self) -> None:
        self._proven_at = max(self._needed_at, time.monotonic())


@pytest.fixture
def download() -> Download:
    return make_file(make_version(make_download(title=PRIMARY), "1.0.0"), name="tool.zip").version.download


@pytest.fixture
def health(settings: Any, download: Download, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clockwork]:
    path = tmp_path / "replica.sqlite3"
    connection.ensure_connection()
    path.write_bytes(connection.connection.serialize())
    with closing(sqlite3.connect(path)) as target, target:
        target.execute("UPDATE downloads_download SET title = ?", [REPLICA])
    configuration = copy.deepcopy(connection.settings_dict) | {"NAME": str(path)}
    # Every test runs inside a transaction; those within it have savepoints.
    monkeypatch.setattr(replica, "_is_in_transaction", lambda: bool(connection.savepoint_ids))
    connections[REPLICA_ALIAS] = type(connections["default"])(configuration, REPLICA_ALIAS)
    settings.USE_REPLICA, settings.REPLICA_MAX_LAG_SECONDS = True, 3600
    settings.DATABASE_ROUTERS = ["releasehub.core.cluster.replica.ReplicaRouter"]
    health = Clockwork()
    health.catch_up()
    monkeypatch.setattr("releasehub.core.cluster.replica.health", health)
    monkeypatch.setattr("releasehub.core.anonymous_cache.health", health)
    yield health
    connections[REPLICA_ALIAS].close()
    del connections[REPLICA_ALIAS]


def title(client: Client, url: str, **options: Any) -> str:
    text = client.get(url, **options).content.decode()
    found = {source for source in (PRIMARY, REPLICA) if source in text}
    assert len(found) == 1, text
    return found.pop()


def api(download: Download) -> str:
    return f"/api/mc-dm-downloads/{download.pk}/"


def test_anonymous_reads_use_the_replica(health: Clockwork, client: Client, download: Download) -> None:
    for url in (download.path, f"{download.path}1.0.0/", "/api/mc-dm-downloads/", api(download)):
        with CaptureQueriesContext(connection) as queries:
            assert title(client, url) == REPLICA, url
        assert not [query for query in queries if query["sql"].startswith("SELECT")], url  # page views are written


def test_clients_with_credentials_read_from_the_primary(health: Clockwork, client: Client, download: Download) -> None:
    key = make_key(download.owner)
    assert title(client, api(download), headers={"XF-Api-Key": key}) == PRIMARY
    client.force_login(download.owner)
    assert title(client, download.path) == PRIMARY


def test_bytes_are_decided_by_the_primary(health: Clockwork, client: Client, download: Download) -> None:
    connections[REPLICA_ALIAS].close()
    connections[REPLICA_ALIAS].settings_dict["NAME"] = "/nowhere/replica.sqlite3"
    answer = client.get(links.file_path(File.objects.get()))
    answer.close()
    assert answer.status_code == 200
    assert (DownloadGrant.objects.count(), health.is_usable()) == (1, True)


@pytest.mark.parametrize("cache_seconds", [0, 1])
def test_change_of_this_process_is_visible_at_once(
    health: Clockwork,
    client: Client,
    download: Download,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
    cache_seconds: int,
) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = cache_seconds
    assert title(client, api(download)) == REPLICA
    with django_capture_on_commit_callbacks(execute=True):
        update_download(actor=system(), download=download, description="Another text")
    assert title(client, api(download)) == PRIMARY
    health.catch_up()
    assert title(client, api(download)) == REPLICA


def test_replica_that_lags_is_not_used(health: Clockwork, client: Client, download: Download, settings: Any) -> None:
    settings.REPLICA_MAX_LAG_SECONDS = 0
    assert title(client, download.path) == PRIMARY


def test_replica_that_fails_costs_no_error(health: Clockwork, client: Client, download: Download) -> None:
    other = connections[REPLICA_ALIAS]
    other.close()
    other.settings_dict["NAME"] = "/nowhere/replica.sqlite3"
    assert title(client, download.path) == PRIMARY
    assert not health.is_usable()
    health.catch_up()
    assert title(client, api(download)) == PRIMARY


def test_replica_that_fails_within_a_view_costs_no_error(health: Clockwork, client: Client, download: Download) -> None:
    for url in (download.path, api(download)):
        health.catch_up()
        connections[REPLICA_ALIAS].ensure_connection()
        connections[REPLICA_ALIAS].connection.executescript(
            "PRAGMA foreign_keys = OFF; DROP TABLE IF EXISTS versions_version; DROP TABLE IF EXISTS downloads_download"
        )
        assert title(client, url) == PRIMARY, url


def test_error_of_a_view_is_not_repeated(health: Clockwork) -> None:
    calls = []

    def read() -> None:
        calls.append(replica.read_alias())
        raise LookupError

    with pytest.raises(LookupError):
        replica.read_from_replica(read)
    assert (calls, health.is_usable()) == ([REPLICA_ALIAS], True)


def test_writes_and_transactions_stay_on_the_primary(health: Clockwork, download: Download) -> None:
    def read() -> tuple[str, str]:
        row = Download.objects.get()
        before = row.title
        row.description = "Stored on the primary"
        row.save(update_fields=["description"])
        with transaction.atomic():
            return before, Download.objects.get().title

    assert replica.read_from_replica(read) == (REPLICA, PRIMARY)
    assert Download.objects.get().description == "Stored on the primary"


def test_rows_of_the_replica_never_reach_the_cache_of_links(health: Clockwork, settings: Any) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    anonymous_cache.forget()

    def load() -> str:
        return cached_row(Actor(), ("a download",), Download.objects.get).title

    assert replica.read_from_replica(load) == REPLICA
    assert load() == PRIMARY
    anonymous_cache.forget()


def test_health_compares_positions(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    answers: dict[str, Any] = {"default": "0/10", REPLICA_ALIAS: False}
    monkeypatch.setattr("releasehub.core.cluster.replica_health._value", lambda alias, *_: answers[alias])
    settings.REPLICA_MAX_LAG_SECONDS = 3600
    health = Clockwork()
    for caught_up in (False, None, True):  # behind, not a replica at all, and current
        answers[REPLICA_ALIAS] = caught_up
        assert health.probe() is health.is_usable() is bool(caught_up)
    health.require_current()
    assert not health.is_usable()
    assert health.probe()
    assert health.is_usable()


def test_doctor_without_a_replica(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("doctor", only=["replica"])
    assert "all reads use the primary" in capsys.readouterr().out


def test_message_clears_the_named_caches_of_other_processes() -> None:
    cleared: list[str] = []
    here, there = ChangeChannel(), ChangeChannel()
    here.register("rights", lambda: cleared.append("rights"))
    for sender, expected in ((here, []), (there, ["rights"])):
        here.receive([{"data": f"{sender._id} rights unknown".encode()}])
        assert cleared == expected
    for data in (b"\xff rights", "another rights"):  # neither ends the thread
        here.receive([{"data": data}])
    assert cleared == ["rights"] * 3


def test_messages_that_arrived_during_a_rest_are_received_together() -> None:
    """One for each rest would fall ever further behind a busy cluster."""
    cleared: list[str] = []
    channel, subscription = ChangeChannel(), Mock()
    channel.register("rights", lambda: cleared.append("rights"))
    subscription.get_message.side_effect = [*[{"data": b"another rights"}] * 50, None]
    assert channel.receive(waiting_messages(subscription))
    assert (cleared, subscription.get_message.call_count) == (["rights"], 51)
