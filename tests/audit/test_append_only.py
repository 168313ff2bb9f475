# ruff: noqa: S608 (the statements are put together from constants)
"""Tests that neither the ORM nor other SQL can change or delete an audit row."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from releasehub.audit import triggers
from releasehub.audit.chain import chain_rows
from releasehub.audit.links import PROTECTED
from releasehub.audit.models import AppendOnlyError, AuditCheckpoint, AuditEntry, AuditHead
from tests.undoing import undone

TABLE = "audit_auditentry"
PLACES = ("audit_auditcheckpoint", "audit_audithead", "audit_audittip", "audit_auditkeyepoch")
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "act",
    [
        lambda row: row.save(),
        lambda row: row.delete(),
        lambda row: AuditEntry.objects.update(reason="x"),
        lambda row: AuditEntry.objects.all().delete(),
        lambda row: AuditEntry.objects.filter(pk=row.pk)._raw_delete("default"),
        lambda row: AuditEntry._base_manager.filter(pk=row.pk).delete(),
        lambda row: AuditEntry.objects.bulk_update([row], ["reason"]),
        lambda row: AuditEntry.objects.update_or_create(pk=row.pk, defaults={"reason": "x"}),
        lambda row: AuditEntry.objects.bulk_create(
            [row], update_conflicts=True, update_fields=["reason"], unique_fields=["id"]
        ),
    ],
)
def test_orm_cannot_change_or_delete_rows(act: Any, make_rows: Any) -> None:
    (row,) = make_rows(1)
    with pytest.raises(AppendOnlyError), transaction.atomic():
        act(row)
    assert AuditEntry.objects.get().reason == ""


CHANGES = [
    ("actor_label", "'x'"),
    ("created_at", "'2001-01-01 00:00:00+00:00'"),
    ("changes", "'{}'"),
    ("reason", "'x'"),
    ("actor_id", "99"),
    ("target_id", "NULL"),
    ("id", "id + 1000"),
]


STATEMENTS = [
    *(f"UPDATE {TABLE} SET {column} = {value}" for column, value in CHANGES),
    *(f"UPDATE {TABLE} SET {column} = {value}, position = 77, chain_hash = 'x'" for column, value in CHANGES),
    f"UPDATE {TABLE} SET reason = 'x', address = NULL, address_salt = ''",
    f"UPDATE {TABLE} SET address = '192.0.2.99'",
    f"UPDATE {TABLE} SET position = NULL",
    f"UPDATE {TABLE} SET chain_hash = ''",
    f"UPDATE {TABLE} SET address_digest = 'x', address = NULL, address_salt = ''",
    f"DELETE FROM {TABLE}",
    f"DELETE FROM {TABLE} WHERE id = (SELECT MIN(id) FROM {TABLE})",
]


@pytest.mark.parametrize("is_chained", [False, True])
def test_raw_sql_is_rejected(is_chained: bool, make_rows: Any, subtests: pytest.Subtests) -> None:
    make_rows(3, address="192.0.2.1")
    if is_chained:
        chain_rows()
    before = list(AuditEntry.objects.values())
    for statement in STATEMENTS:
        with subtests.test(statement), undone():
            with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
            assert list(AuditEntry.objects.values()) == before


@pytest.mark.parametrize("change", ["position = position + 10", "chain_hash = 'x'", "address_salt = 'x'"])
def test_position_of_a_chained_row_cannot_change(change: str, make_rows: Any) -> None:
    make_rows(3, address="192.0.2.1")
    chain_rows()
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET {change}")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only: the statement")
@pytest.mark.parametrize("table", [TABLE, *PLACES])
def test_truncate_is_rejected(table: str, make_rows: Any) -> None:
    make_rows(1)
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table}")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite only: the statement")
def test_insert_or_replace_is_rejected(make_rows: Any) -> None:
    first, second = make_rows(2)
    chain_rows()
    (waiting,) = make_rows(1)
    columns = "created_at,actor_label,channel,action,target_type,target_label,changes,reason,request_id"
    extra = "chain_hash,address_digest,address_salt"
    for statement in (
        f"INSERT OR REPLACE INTO {TABLE} (id,{columns},{extra}) "
        f"SELECT {first.pk},{columns},{extra} FROM {TABLE} WHERE id = {second.pk}",
        f"UPDATE OR REPLACE {TABLE} SET position = 1, chain_hash = 'x' WHERE id = {waiting.pk}",
    ):
        with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEntry.objects.count() == 3


def test_checkpoints_cannot_be_deleted_while_there_are_rows(make_rows: Any) -> None:
    make_rows(1)
    AuditCheckpoint.objects.create(position=5, chain_hash="x", created_at=timezone.now(), signature="x")
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        AuditCheckpoint.objects.all().delete()
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        AuditCheckpoint.objects.update(position=6)


@pytest.mark.parametrize("table", PLACES)
def test_signed_positions_cannot_be_deleted_while_there_are_rows(table: str, make_rows: Any) -> None:
    make_rows(1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (id, position, chain_hash, created_at, signature) VALUES (1, 5, 'x', %s, 'x')",
            [timezone.now()],
        )
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET position = 4"):
        with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_heads_before_a_checkpoint_can_be_deleted(make_rows: Any) -> None:
    make_rows(1)
    for position in (5, 6):
        AuditHead.objects.create(position=position, chain_hash="x", signature="x")
    AuditCheckpoint.objects.create(position=6, chain_hash="x", signature="x")
    AuditHead.objects.filter(position=5).delete()
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        AuditHead.objects.all().delete()


def test_triggers_cover_every_column() -> None:
    columns = {field.column for field in AuditEntry._meta.fields}
    assert columns == {*triggers.FIXED_COLUMNS, *triggers.CHAIN_COLUMNS, "address"}
    assert set(triggers.FIXED_COLUMNS) == set(PROTECTED)


def test_migrate_reinstalls_the_triggers(make_rows: Any) -> None:
    triggers.remove(connection)
    triggers.install(connection)
    triggers.install(connection)
    make_rows(1)
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_log_and_keeps_the_triggers(make_rows: Any) -> None:
    make_rows(3)
    chain_rows(2)
    call_command("flush", interactive=False, verbosity=0)
    assert not AuditEntry.objects.exists()
    assert not AuditCheckpoint.objects.exists()
    make_rows(1)
    with pytest.raises(Error, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")
