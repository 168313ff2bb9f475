"""The SQL of the triggers that keep the audit log append-only."""

ENTRY, CHECKPOINT = "audit_auditentry", "audit_auditcheckpoint"
HEAD, TIP, EPOCH = "audit_audithead", "audit_audittip", "audit_auditkeyepoch"
REFUSAL = "the audit log is append-only"
WHOLE_LOG = 2**63 - 1  # as the position of a checkpoint, it also allows the deletion of rows without a position
IS_PRUNED = f"EXISTS (SELECT 1 FROM {CHECKPOINT} WHERE position >= COALESCE(OLD.position, {WHOLE_LOG}))"  # noqa: S608
IS_BEFORE_CHECKPOINT = f"EXISTS (SELECT 1 FROM {CHECKPOINT} WHERE position > OLD.position)"  # noqa: S608
HAS_ROWS = f"EXISTS (SELECT 1 FROM {ENTRY})"  # noqa: S608


def _guard(name: str, refused: str, row: str = "OLD") -> str:
    """Return the function of a trigger that raises an error if the condition `refused` is true."""
    return f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {refused} THEN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN {row};
END $$;
"""


FUNCTIONS_SQL = f"""
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

{_guard("audit_guard_delete", f"NOT {IS_PRUNED}")}
{_guard("audit_guard_emptying", HAS_ROWS)}
{_guard("audit_guard_head", f"{HAS_ROWS} AND NOT {IS_BEFORE_CHECKPOINT}")}
{_guard("audit_guard_tip", "NEW.id <> OLD.id OR NEW.position < OLD.position", row="NEW")}"""
FUNCTIONS = (
    "audit_refuse",
    "audit_guard_update",
    "audit_guard_delete",
    "audit_guard_emptying",
    "audit_guard_head",
    "audit_guard_tip",
)
