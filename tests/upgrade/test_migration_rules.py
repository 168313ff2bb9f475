"""Migrations neither lock tables for long nor break the previous release, which runs next to the new one for a while.

CONTRIBUTING.md has the rules. A migration that has to break one gets its reason here.
"""

from __future__ import annotations

import pytest
from django.db import migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from releasehub.core.index_operations import AddIndexConcurrently
from releasehub.operations.tables.schema import unsquashed_loader
from tests.upgrade.linting import ROOT, our_migrations, problems_of

pytestmark = pytest.mark.embedded

# An upgrade to 0.2.0 needs a stop of the hub, so its migrations are exempt. The release completes the list for good.
# While the changelog calls 0.2.0 unreleased, migrations that are not in the list yet belong to it, too.
STOPPED = set((ROOT / "tests" / "data" / "releases" / "migrations-of-0.2.0.txt").read_text().split())
IS_PREPARED = "## 0.2.0 (not released)" in (ROOT / "docs" / "changelog.md").read_text()
# The name of a migration, the codes of the problems it may have, and why they do no harm.
REASONS: dict[str, tuple[set[str], str]] = {}


def problems_of_new_migrations() -> dict[str, set[str]]:
    loader = unsquashed_loader(None)
    problems: dict[str, set[str]] = {}
    for app, name in our_migrations(loader):
        if f"{app}.{name}" not in STOPPED:
            before = loader.project_state((app, name), at_end=False)
            allowed, _ = REASONS.get(f"{app}.{name}", (set(), ""))
            found = problems_of(loader.get_migration(app, name), before) - allowed
            problems |= {f"{app}.{name}": found} if found else {}
    return problems


def test_new_migrations_need_no_stop_of_the_hub() -> None:
    found = problems_of_new_migrations()
    assert IS_PREPARED or found == {}, (
        "Read Migrations in CONTRIBUTING.md, then change the migration or write a reason."
    )


def test_exempt_migrations_exist_and_have_a_reason() -> None:
    existing = {f"{app}.{name}" for app, name in our_migrations(unsquashed_loader(None))}
    assert STOPPED | set(REASONS) <= existing
    assert all(codes and len(reason) > 20 for codes, reason in REASONS.values())


def table() -> ProjectState:
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("size", models.IntegerField(null=True))]
    state.add_model(ModelState("shelves", "Book", fields))
    return state


def judge(*operations: Operation, atomic: bool = True) -> set[str]:
    migration = Migration("0002_test", "shelves")
    migration.operations, migration.atomic = list(operations), atomic
    return problems_of(migration, table())


INDEX = models.Index(fields=["size"], name="book_size")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (migrations.AddField("book", "pages", models.IntegerField(null=True)), set()),
        (migrations.AddField("book", "pages", models.IntegerField(default=0, db_default=0)), set()),
        (migrations.AddField("book", "pages", models.IntegerField(default=0)), {"NOT_NULL"}),
        (migrations.RemoveField("book", "size"), {"DROP_COLUMN"}),
        (migrations.RenameField("book", "size", "bytes"), {"RENAME_COLUMN"}),
        (migrations.AlterField("book", "size", models.TextField(null=True)), {"ALTER_COLUMN"}),
        (migrations.DeleteModel("book"), {"DROP_TABLE"}),
        (migrations.AddIndex("book", INDEX), {"CREATE_INDEX"}),
        (migrations.RunPython(migrations.RunPython.noop), {"DATA"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_linter_finds_what_locks_or_breaks(operation: Operation, expected: set[str]) -> None:
    assert judge(operation) == expected


def test_an_index_is_built_concurrently() -> None:
    assert judge(AddIndexConcurrently("book", INDEX), atomic=False) == set()


def test_every_migration_can_be_judged() -> None:
    loader = unsquashed_loader(None)
    app, name = our_migrations(loader)[-1]
    assert isinstance(
        problems_of(loader.get_migration(app, name), loader.project_state((app, name), at_end=False)), set
    )
    assert (ROOT / "CONTRIBUTING.md").read_text().count("### Migrations") == 1
