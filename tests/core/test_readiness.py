"""The readiness check of the migrations, which remembers a database that was complete."""

from __future__ import annotations

import pytest
from django.db import connection
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
