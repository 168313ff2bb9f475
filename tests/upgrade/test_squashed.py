"""Squashed migrations make what the old ones make, and a database in any state between the old ones can be upgraded.

`test_release.py` compares the tables of a new hub with those of an upgraded hub of 0.1.0. The apps that 0.1.0 did not
have are compared here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from releasehub.operations.tables.schema import unsquashed_loader
from tests import migrated_database
from tests.upgrade.databases import IS_SQLITE, RELEASES, a_database, run

State = frozenset[tuple[str, str]]  # the migrations that a database has recorded
LATER_APPS = {"backoffice", "community", "importing", "operations", "search"}  # 0.1.0 did not have them
RECORD = re.compile(r"""INTO "django_migrations" VALUES\(\d+,'(\w+)','(\w+)'""")
STEP = 10  # old migrations between two states that are tried


def test_apps_that_stopped_half_way_get_the_tables_of_a_new_database(tmp_path: Path) -> None:
    if IS_SQLITE:
        migrated_database.copy_to(tmp_path / "releasehub.sqlite3")
    with a_database(tmp_path) as environment:
        result = json.loads(run(environment, "tests/upgrade/halfway.py", *LATER_APPS))
    assert result["migrated"] == result["new"]
    assert len(result["new"]) > 1000
    assert result["doctor"] == []


@pytest.mark.embedded
def test_every_squashed_migration_is_compared_with_the_old_ones() -> None:
    has_old_tables = {app for app, _ in release_state()}
    assert {app for app, _ in MigrationLoader(None).replacements} <= LATER_APPS | has_old_tables


@pytest.mark.embedded
def test_squashed_migrations_make_the_models_of_the_old_ones() -> None:
    assert MigrationLoader(None).project_state() == unsquashed_loader(None).project_state()


@pytest.mark.embedded
@pytest.mark.django_db
def test_database_in_any_state_can_be_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look only at which migrations are asked for, and at the models that they make."""
    expected = unsquashed_loader(None).project_state()
    for state in map(with_squashed, states()):
        monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _, state=state: dict.fromkeys(state))
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
        applied = {key for migration in plan for key in migration.replaces or [(migration.app_label, migration.name)]}
        assert not applied & state
        assert applied | state | executor.loader.replacements.keys() == executor.loader.disk_migrations.keys()
        models = executor._create_project_state(with_applied_migrations=True)
        for migration in plan:
            models = migration.mutate_state(models, preserve=False)
        assert models == expected


def states() -> Iterator[State]:
    """Yield what databases have recorded that stopped between two old migrations."""
    yield frozenset(MigrationLoader(None).disk_migrations)  # a new database
    yield release_state()
    graph = unsquashed_loader(None).graph
    for leaf in graph.leaf_nodes():
        yield frozenset(graph.forwards_plan(leaf))  # all migrations of an app, and those that they need of others
    order = list(dict.fromkeys(key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf)))
    for count in (*range(0, len(order), STEP), len(order)):
        yield frozenset(order[:count])


def with_squashed(state: State) -> State:
    """Return the state with the squashed migrations that Django records for it at the end of a `migrate APP`."""
    squashed = MigrationLoader(None).replacements.items()
    return state | {key for key, migration in squashed if state.issuperset(migration.replaces)}


def release_state() -> State:
    sql = gzip.decompress((RELEASES / "0.1.0" / "sqlite" / "database.sql.gz").read_bytes()).decode()
    return frozenset(RECORD.findall(sql))
