"""The readiness check of the migrations, which remembers a database that was complete."""

from __future__ import annotations

import pytest
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
