"""Lint migrations with the SQL that they run on PostgreSQL, without a server.

django-migration-linter judges the SQL. Its own command needs an entry in INSTALLED_APPS, a PostgreSQL server for
`sqlmigrate`, and an import in each migration that is exempt, which would make it a run-time dependency.
"""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.db import ConnectionHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

ROOT = Path(__file__).resolve().parents[2]
APP_FOLDERS = (ROOT, ROOT / "releasehub")


def our_migrations(loader: MigrationLoader) -> list[tuple[str, str]]:
    """Return the app and the name of each migration in this repository that the graph of the loader contains."""
    ours = {app.label for app in apps.get_app_configs() if Path(app.path).parent in APP_FOLDERS}
    return sorted(key for key in loader.graph.nodes if key[0] in ours)


def postgresql() -> BaseDatabaseWrapper:
    """Return a connection that is never opened. Without a server, it cannot quote values, which the linter ignores."""
    connection = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}})["default"]
    vars(connection.ops)["compose_sql"] = lambda sql, params: sql % tuple("''" for _ in params or ())
    return connection


def problems_of(migration: Migration, before: ProjectState) -> set[str]:
    """Return the codes of the linter for the migration, and `DATA` if it changes rows.

    Args:
        migration: The migration to judge.
        before: The state of all models before the migration; it is changed.
    """
    with postgresql().schema_editor(collect_sql=True, atomic=False) as editor:
        migration.apply(before, editor, collect_sql=True)
    statements = [sql for sql in editor.collected_sql if not sql.startswith("--")]
    if migration.atomic:
        statements = ["BEGIN;", *statements, "COMMIT;"]
    errors, _, warnings = analyse_sql_statements(PostgresqlAnalyser, statements, set())
    changes_rows = any(isinstance(operation, RunPython) for operation in migration.operations)
    return {issue.code for issue in (*errors, *warnings)} | ({"DATA"} if changes_rows else set())
