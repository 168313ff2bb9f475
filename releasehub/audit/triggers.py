"""Database triggers that keep the audit log append-only also against SQL that passes the ORM by.

Allowed, and nothing else: the chainer fills the chain columns of a row that has no position; address and salt of a
chained row are cleared together; rows at or below a stored checkpoint go; checkpoints go once the log is empty. A
migration that rebuilds one of the two tables on SQLite calls `remove` first; the end of every migrate installs them.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

ENTRY, CHECKPOINT = "audit_auditentry", "audit_auditcheckpoint"
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
REFUSAL = "the audit log is append-only"
WHOLE_LOG = 2**63 - 1  # as a checkpoint's position: also rows without a position may go

_IS_PRUNED = f"EXISTS (SELECT 1 FROM {CHECKPOINT} WHERE position >= COALESCE(OLD.position, {WHOLE_LOG}))"  # noqa: S608
_HAS_ROWS = f"EXISTS (SELECT 1 FROM {ENTRY})"  # noqa: S608

_POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE FUNCTION audit_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE allowed {ENTRY}%ROWTYPE := OLD;
BEGIN
    IF OLD.position IS NULL THEN
        allowed.position := NEW.position;
        allowed.chain_hash := NEW.chain_hash;
        allowed.address_digest := NEW.address_digest;
        allowed.address_salt := NEW.address_salt;
    ELSE
        allowed.address := NULL;
        allowed.address_salt := '';
    END IF;
    IF NEW IS DISTINCT FROM allowed OR NEW.position IS NULL OR NEW.chain_hash = '' THEN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION audit_guard_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT {_IS_PRUNED} THEN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE FUNCTION audit_guard_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {_HAS_ROWS} THEN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

DROP TRIGGER IF EXISTS audit_entry_update ON {ENTRY};
CREATE TRIGGER audit_entry_update BEFORE UPDATE ON {ENTRY} FOR EACH ROW EXECUTE FUNCTION audit_guard_update();
DROP TRIGGER IF EXISTS audit_entry_delete ON {ENTRY};
CREATE TRIGGER audit_entry_delete BEFORE DELETE ON {ENTRY} FOR EACH ROW EXECUTE FUNCTION audit_guard_delete();
DROP TRIGGER IF EXISTS audit_entry_truncate ON {ENTRY};
CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON {ENTRY} EXECUTE FUNCTION audit_guard_emptying();
DROP TRIGGER IF EXISTS audit_checkpoint_update ON {CHECKPOINT};
CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON {CHECKPOINT} EXECUTE FUNCTION audit_refuse();
DROP TRIGGER IF EXISTS audit_checkpoint_delete ON {CHECKPOINT};
CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON {CHECKPOINT}
    FOR EACH ROW EXECUTE FUNCTION audit_guard_emptying();
DROP TRIGGER IF EXISTS audit_checkpoint_truncate ON {CHECKPOINT};
CREATE TRIGGER audit_checkpoint_truncate BEFORE TRUNCATE ON {CHECKPOINT} EXECUTE FUNCTION audit_guard_emptying();
"""
_TRIGGERS = (
    ("audit_entry_update", ENTRY),
    ("audit_entry_delete", ENTRY),
    ("audit_entry_truncate", ENTRY),
    ("audit_checkpoint_update", CHECKPOINT),
    ("audit_checkpoint_delete", CHECKPOINT),
    ("audit_checkpoint_truncate", CHECKPOINT),
)
_FUNCTIONS = ("audit_refuse", "audit_guard_update", "audit_guard_delete", "audit_guard_emptying")


def install(connection: BaseDatabaseWrapper) -> None:
    """Create them; nothing happens where they are. Rebuilding a table on SQLite drops them, so every migrate calls."""
    if connection.vendor == "postgresql":
        statements = [_POSTGRESQL]
    elif connection.vendor == "sqlite":
        statements = _sqlite()
    else:
        return
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop them, as the owner of the tables can."""
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for name, table in (*_TRIGGERS, ("audit_entry_insert", ENTRY)):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if is_postgresql else ""))
        for name in _FUNCTIONS if is_postgresql else ():
            cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    is_taken = f"EXISTS (SELECT 1 FROM {ENTRY} WHERE position = NEW.position)"  # noqa: S608
    chains = (
        f"{_sqlite_same(*FIXED_COLUMNS, 'address')} AND OLD.position IS NULL AND NEW.position IS NOT NULL"
        f" AND NEW.chain_hash <> '' AND NOT {is_taken}"
    )
    clears = (
        f"{_sqlite_same(*FIXED_COLUMNS, *CHAIN_COLUMNS[:3])}"
        " AND OLD.position IS NOT NULL AND NEW.address IS NULL AND NEW.address_salt = ''"
    )
    # OR REPLACE removes the row in its way without firing the trigger for deletions.
    replaces = f"EXISTS (SELECT 1 FROM {ENTRY} WHERE id = NEW.id OR position = NEW.position)"  # noqa: S608
    head = "CREATE TRIGGER IF NOT EXISTS"
    return [
        f"{head} audit_entry_insert BEFORE INSERT ON {ENTRY} WHEN {replaces} {refuse}",
        f"{head} audit_entry_update BEFORE UPDATE ON {ENTRY} WHEN NOT (({chains}) OR ({clears})) {refuse}",
        f"{head} audit_entry_delete BEFORE DELETE ON {ENTRY} WHEN NOT {_IS_PRUNED} {refuse}",
        f"{head} audit_checkpoint_update BEFORE UPDATE ON {CHECKPOINT} {refuse}",
        f"{head} audit_checkpoint_delete BEFORE DELETE ON {CHECKPOINT} WHEN {_HAS_ROWS} {refuse}",
    ]


def _sqlite_same(*columns: str) -> str:
    return " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns)
