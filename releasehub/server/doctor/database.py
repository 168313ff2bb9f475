"""Settings of PostgreSQL that make the hub slow or stop it."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import connection

from releasehub.server.doctor.registry import register


@register("database")
def check_database() -> Iterator[CheckMessage]:
    """Check that PostgreSQL accepts changes and does not compile queries.

    A migration switches the latter off if the user of the hub may.
    """
    if connection.vendor != "postgresql":
        yield Info("The database is SQLite, which needs no settings.")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('transaction_read_only')::bool, current_setting('jit')::bool, session_user, "
            "current_database()"
        )
        is_read_only, is_on, user, database = cursor.fetchone()
    if is_read_only:
        yield Error(
            "PostgreSQL refuses changes: it is a standby, or its settings make it read-only.",
            hint="Check that DATABASE_URL leads to the primary, and default_transaction_read_only of PostgreSQL.",
        )
    if is_on:
        yield Warning(
            "PostgreSQL compiles the queries of lists (JIT), which takes many times longer than running them.",
            hint=f'Run in PostgreSQL: ALTER ROLE "{user}" IN DATABASE "{database}" SET jit = off; and restart the hub.',
        )
    else:
        yield Info("PostgreSQL does not compile queries (JIT).")
