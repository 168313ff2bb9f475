"""Write the squashed migration of an app, which creates its tables in their newest form on an empty database.

    DJANGO_SETTINGS_MODULE=releasehub.settings.test .venv/bin/python -m tests.upgrade.squash APP

Then add what the tables need apart from models, such as triggers. docs/decisions/0068-squashed-migrations.md says more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import django
from django.apps import apps
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.migration import Migration
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.writer import MigrationWriter

from releasehub.operations.tables.schema import unsquashed_loader

Key = tuple[str, str]


def main(app: str) -> None:
    django.setup()
    migration = squash(app)
    path = Path(apps.get_app_config(app).path, "migrations", f"{migration.name}.py")
    path.write_text(MigrationWriter(migration, include_header=False).as_string())
    print(path)


def squash(app: str) -> Migration:
    """Return a migration that replaces all migrations of the app.

    Raises:
        SystemExit: The app has a squashed migration. Django 5.2 cannot squash one again before it replaces nothing.
    """
    loader = unsquashed_loader(None)
    if app in {label for label, _ in loader.replacements}:
        raise SystemExit(f"{app} has a squashed migration. Delete the migrations that it replaces first.")
    (leaf,) = loader.graph.leaf_nodes(app)
    migration = Migration(f"0001_squashed_{leaf[1]}", app)
    migration.initial = True
    migration.replaces = [key for key in loader.graph.forwards_plan(leaf) if key[0] == app]
    migration.dependencies = dependencies(loader.graph, migration.replaces)
    migration.operations = create_models(loader.project_state(), app)
    return migration


def create_models(state: ProjectState, app: str) -> list[Operation]:
    """Return an operation for each model, which has the columns in the order in which the migrations added them.

    A model comes after those that it refers to.
    """
    models = {key: model for key, model in state.models.items() if key[0] == app}
    order = {key: {other for other in references(model) if other[0] == app} - {key} for key, model in models.items()}
    return [create_model(models[key]) for key in TopologicalSorter(order).static_order()]


def create_model(model: ModelState) -> CreateModel:
    empty = [name for name in ("indexes", "constraints") if not model.options.get(name)]
    options = {name: value for name, value in model.options.items() if name not in empty}
    return CreateModel(model.name, list(model.fields.items()), options, model.bases, model.managers)


def references(model: ModelState) -> Iterator[Key]:
    """Yield the models that the fields of this one refer to."""
    for field in model.fields.values():
        if field.remote_field is not None:
            name = field.remote_field.model
            app, _, model_name = (name if isinstance(name, str) else name._meta.label).lower().partition(".")
            yield app, model_name


def dependencies(graph: MigrationGraph, replaced: list[Key]) -> list[Key]:
    """Return the newest migrations of other apps that the replaced ones depend on.

    Newer ones would be wrong: Django records the squashed migration for a database that has no others than these.
    """
    parents = {parent.key for key in replaced for parent in graph.node_map[key].parents} - set(replaced)
    older = {ancestor for key in parents for ancestor in graph.forwards_plan(key)[:-1]}
    return sorted(parents - older)


if __name__ == "__main__":
    main(sys.argv[1])
