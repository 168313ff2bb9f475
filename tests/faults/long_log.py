"""A long audit log is chained and verified; a single changed row in the last tenth of it is found and named."""

from __future__ import annotations

import time

import psycopg

from tests.faults.stage import Hub, hub
from tests.faults.verdicts import Report
from tests.services.processes import ServiceError

ROWS = "SELECT count(*) FROM audit_auditentry"
# Copies of rows that the hub wrote, one second apart, without a position in the chain.
COPY = """
INSERT INTO audit_auditentry (created_at, actor_id, actor_label, api_key_id, channel, action, target_type, target_id,
    target_label, download_id, changes, reason, request_id, address, position, chain_hash, address_digest, address_salt)
SELECT now() - (%(rows)s - n) * interval '1 second', actor_id, actor_label, api_key_id, channel, action, target_type,
    target_id, target_label, download_id, changes, reason, md5(n::text), '203.0.113.7', NULL, '', '', ''
FROM generate_series(1, %(rows)s) AS n JOIN audit_auditentry ON audit_auditentry.id = 1 + n %% %(written)s"""
EDIT = "UPDATE audit_auditentry SET target_label = target_label || '.' WHERE position = %s RETURNING id"
CHAIN = ("-m", "tests.faults.changes", "chain")


def run(*, rows: int, longest: float, seed: int) -> Report:
    report = Report(f"an audit log of {rows:,} rows, seed {seed}")
    with hub() as on:
        on.run("-m", "tests.faults.changes", "prepare")
        written = on.count(ROWS)
        with psycopg.connect(on.database_url, autocommit=True) as connection:
            connection.execute(COPY, {"rows": rows, "written": written})
            connection.execute("VACUUM ANALYZE audit_auditentry")
        report.say("seconds to chain them", timed(on, *CHAIN)[0])
        seconds, said = timed(on, "manage.py", "verify_audit")
        report.must("what the verifier says", said.splitlines()[0], holds=said.startswith(f"{rows + written} rows"))
        report.must("seconds to verify them", seconds, holds=seconds < longest)
        bad = rows - seed % (rows // 10)
        with psycopg.connect(on.database_url, autocommit=True) as connection:
            connection.execute(
                "SET session_replication_role = replica"
            )  # the owner of the tables can bypass the triggers in this way
            connection.execute(EDIT, [bad])
        said = complaint(on)
        report.must("after an edit", said, holds=f"position {bad} " in said)
    return report


def timed(on: Hub, *arguments: object) -> tuple[float, str]:
    started = time.monotonic()
    said = on.run(*arguments)
    return time.monotonic() - started, said


def complaint(on: Hub) -> str:
    """The last line of a verifier that found something; empty when it did not."""
    try:
        on.run("manage.py", "verify_audit")
    except ServiceError as error:
        return str(error).splitlines()[-1]
    return ""
