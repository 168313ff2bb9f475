"""Work that one transaction at a time may do."""

from __future__ import annotations

from django.db import connection


def try_alone(lock: int) -> bool:
    """Whether this transaction is the only one with that number, until it ends. Never waits.

    SQLite has one writer anyway, and the transactions of the hub begin as one there.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        return bool(cursor.fetchone()[0])
