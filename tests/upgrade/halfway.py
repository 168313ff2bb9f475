"""Migrate a database in which some apps stopped after their first migration, then print as JSON what was made.

    python tests/upgrade/halfway.py APP...

The tests start it as a process of its own, because Django reads the settings of the database only once.
"""

from __future__ import annotations

import json
import sys

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q

from releasehub.operations.tables.schema import unsquashed_loader
from tests.upgrade.reader import doctor_messages
from tests.upgrade.schema import schema_of


def main(names: list[str]) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    new = schema_of(connection)
    drop_tables(names)
    apply_first_migrations(names)
    call_command("migrate", verbosity=0)
    print(json.dumps({"new": new, "migrated": schema_of(connection), "doctor": doctor_messages()}))


def drop_tables(names: list[str]) -> None:
    """Drop the tables of these apps, which takes less time than to migrate backward."""
    with connection.schema_editor() as editor:
        for model in (model for name in names for model in apps.get_app_config(name).get_models()):
            editor.delete_model(model)
        editor.execute("DROP TABLE search_document")
    rows = MigrationRecorder(connection).migration_qs
    rows.filter(Q(app__in=names) | Q(name__contains="_squashed_")).delete()


def apply_first_migrations(names: list[str]) -> None:
    """Apply the first old migration of each app, as a release did that had no squashed migrations."""
    executor = MigrationExecutor(connection)
    executor.loader = unsquashed_loader(connection)
    squashed = executor.loader.replacements.values()
    executor.migrate([migration.replaces[0] for migration in squashed if migration.app_label in names])


if __name__ == "__main__":
    main(sys.argv[1:])
