"""The readiness check of the migrations, which remembers a database that was complete."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from releasehub.core import readiness

pytestmark = pytest.mark.django_db


def test_missing_migration_is_found_after_the_database_was_complete() -> None:
    assert readiness.is_migrated()
    MigrationRecorder.Migration.objects.filter(app="versions").delete()
    assert not readiness.is_migrated()


def test_complete_database_is_not_planned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readiness.is_migrated()
    monkeypatch.delattr(readiness, "MigrationExecutor")
    assert readiness.is_migrated()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="This test needs SQLite, whose file may be removed.")
def test_hub_whose_database_was_removed_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readiness.is_database_reachable()
    monkeypatch.setattr(connection.connection, "_path", "/nowhere/hub.sqlite3")
    monkeypatch.setattr(connection.connection, "_file", (1, 1))
    assert not readiness.is_database_reachable()


def test_database_that_cannot_be_reached_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = Mock(side_effect=OperationalError)
    monkeypatch.setattr(connection, "cursor", wait)
    results = readiness.readiness()
    assert (results["database"], results["migrations"]) == (False, False)
    assert wait.call_count == 1
