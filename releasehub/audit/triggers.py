"""Database triggers that keep the audit log append-only, even for SQL that does not come from the ORM.

They allow these changes and no others:

- The chainer may fill the chain columns of a row that has no position.
- The address and the salt of a chained row may be cleared together.
- Rows up to a stored checkpoint may be deleted.
- Checkpoints may be deleted while the log is empty.

A migration that rebuilds one of the tables on SQLite calls `remove` first. Every `migrate` ends with `install`.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from releasehub.audit.trigger_sql import (
    CHECKPOINT,
    ENTRY,
    EPOCH,
    FUNCTIONS,
    FUNCTIONS_SQL,
    HAS_ROWS,
    HEAD,
    IS_BEFORE_CHECKPOINT,
    IS_PRUNED,
    REFUSAL,
    TIP,
)

CHAIN_COLUMNS = ("position", "chain_hash", "address_digest", "address_salt")
FIXED_COLUMNS = (
    "id",
    "created_at",
    "actor_id",
    "actor_label",
    "api_key_id",
    "channel",
    "action",
    "target_type",
    "target_id",
    "target_label",
    "download_id",
    "changes",
    "reason",
    "request_id",
)


# Table -> the beginning of the names of its triggers, and the PostgreSQL functions before an update and a deletion.
# Rows of the log can be deleted only if a checkpoint covers them, and signed positions only while the log is empty, as
# during `flush`. Heads before a checkpoint are not needed any more.
_GUARDED = {
    ENTRY: ("audit_entry", "audit_guard_update", "audit_guard_delete"),
    CHECKPOINT: ("audit_checkpoint", "audit_refuse", "audit_guard_emptying"),
    HEAD: ("audit_head", "audit_refuse", "audit_guard_head"),
    TIP: ("audit_tip", "audit_guard_tip", "audit_guard_emptying"),
    EPOCH: ("audit_epoch", "audit_refuse", "audit_guard_emptying"),
}
# Table -> (trigger, event, PostgreSQL function).
_GUARDS = {
    table: (
        (f"{prefix}_update", "UPDATE", update),
        (f"{prefix}_delete", "DELETE", delete),
        (f"{prefix}_truncate", "TRUNCATE", "audit_guard_emptying"),
    )
    for table, (prefix, update, delete) in _GUARDED.items()
}
_ON_INSERT = "audit_entry_insert"  # SQLite only


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers on the tables that exist. Calling it again has no effect.

    Every migrate calls this, because SQLite drops the triggers of a table when it rebuilds the table.
    """
    tables = [name for name in _GUARDS if name in connection.introspection.table_names()]
    if connection.vendor == "postgresql":
        statements = [FUNCTIONS_SQL, *(text for table in tables for text in _postgresql(table))]
    elif connection.vendor == "sqlite":
        statements = [text for table in tables for text in _sqlite(table)]
    else:
        return
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop all triggers, which only the owner of the tables can do."""
    is_postgresql = connection.vendor == "postgresql"
    names = [(name, table) for table, guards in _GUARDS.items() for name, *_ in guards] + [(_ON_INSERT, ENTRY)]
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for name, table in names:
            if table in tables:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if is_postgresql else ""))
        for name in FUNCTIONS if is_postgresql else ():
            cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _postgresql(table: str) -> list[str]:
    statements = []
    for name, event, function in _GUARDS[table]:
        # TRUNCATE triggers cannot look at rows, and `audit_refuse` does not need to.
        each_row = "" if event == "TRUNCATE" or function == "audit_refuse" else " FOR EACH ROW"
        statements.append(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        statements.append(f"CREATE TRIGGER {name} BEFORE {event} ON {table}{each_row} EXECUTE FUNCTION {function}()")
    return statements


def _sqlite(table: str) -> list[str]:
    is_taken = f"EXISTS (SELECT 1 FROM {ENTRY} WHERE position = NEW.position)"  # noqa: S608
    chains = (
        f"{_sqlite_same(*FIXED_COLUMNS, 'address')} AND OLD.position IS NULL AND NEW.position IS NOT NULL"
        f" AND NEW.chain_hash <> '' AND NOT {is_taken}"
    )
    clears = (
        f"{_sqlite_same(*FIXED_COLUMNS, *CHAIN_COLUMNS[:3])}"
        " AND OLD.position IS NOT NULL AND NEW.address IS NULL AND NEW.address_salt = ''"
    )
    is_refused = {
        "audit_refuse": "1",
        "audit_guard_update": f"NOT (({chains}) OR ({clears}))",
        "audit_guard_delete": f"NOT {IS_PRUNED}",
        "audit_guard_emptying": HAS_ROWS,
        "audit_guard_head": f"{HAS_ROWS} AND NOT {IS_BEFORE_CHECKPOINT}",
        "audit_guard_tip": "NEW.id <> OLD.id OR NEW.position < OLD.position",
    }
    guards = [(name, event, is_refused[function]) for name, event, function in _GUARDS[table] if event != "TRUNCATE"]
    if table == ENTRY:
        # INSERT OR REPLACE deletes the conflicting row without firing the DELETE trigger.
        replaces = f"EXISTS (SELECT 1 FROM {ENTRY} WHERE id = NEW.id OR position = NEW.position)"  # noqa: S608
        guards.append((_ON_INSERT, "INSERT", replaces))
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {table} WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for name, event, condition in guards
    ]


def _sqlite_same(*columns: str) -> str:
    return " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns)
