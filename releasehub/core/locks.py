"""Database locks for work that only one transaction at a time may do, and leases for longer work.

A lease reserves a row for a worker until a certain time, so that no other worker takes the same work. If the worker
dies, the lease expires and another worker continues. A model with leases has the fields `lease_until` and
`lease_token`. The token tells a worker whether it still holds the lease when it wants to store its result.
"""

from datetime import timedelta
from typing import Any, TypeVar

from django.db import connection
from django.db.models import DateTimeField, Expression, ExpressionWrapper, Model, Q, QuerySet

from releasehub.core.actor import forget_rights
from releasehub.core.querysets import first_or_not_found

Row = TypeVar("Row", bound=Model)
# A lease that ends later than this was taken before somebody set the clock back.
LONGEST_LEASE = timedelta(minutes=10)


def try_advisory_lock(lock_id: int) -> bool:
    """Take a lock until the current transaction ends, and return whether that succeeded. Never wait for the lock."""
    # SQLite allows a single writer, and every transaction of the hub starts as a writer there.
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        # The transaction-level lock is released at commit, rollback or disconnect. A session-level lock would survive
        # in a pooled connection.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_id])
        return bool(cursor.fetchone()[0])


def lock_name(kind: int, name: str) -> None:
    """Wait for the lock on a name, and keep it until the current transaction ends.

    It serializes transactions that are about to use the same name where no unique constraint compares as they do.

    Args:
        kind: The number of the namespace, such as SLUG_LOCK for slugs. It has to fit into 32 bits.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [kind, name])


def lock_row(row: Row, *related: str) -> Row:
    """Return the row as it is in the database now, locked until the current transaction ends.

    Args:
        related: The relations to load with it. Their rows stay unlocked.

    Raises:
        NotFound: Another request has deleted it.
    """
    rows = type(row)._base_manager.select_for_update(of=("self",)).filter(pk=row.pk)
    locked = first_or_not_found(rows.select_related(*related) if related else rows)
    forget_rights()
    return locked


def hold_row(rows: QuerySet[Any]) -> bool:
    """Keep `lock_row` and deletions from the only row until the current transaction ends. Return whether it exists.

    Many transactions can hold a row at the same time, and the lock on a quota does not wait for them.
    """
    sql, params = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:  # `select_for_update` has no option for this kind of lock
        cursor.execute(f"{sql} FOR KEY SHARE" if connection.vendor == "postgresql" else sql, params)
        return cursor.fetchone() is not None


def is_unleased(now: Expression) -> Q:
    """Return a filter for rows that no worker has leased, or whose lease has expired.

    Args:
        now: The time of the database. Workers compare leases with it, because their own clocks may differ.
    """
    # A worker that is suspended past its lease may still be running, so this filter alone does not make a result safe.
    # Results are stored only where `lease_token` still matches.
    return Q(lease_until=None) | Q(lease_until__lt=now) | Q(lease_until__gt=_latest_end(now))


def is_leased(now: Expression) -> Q:
    """Return a filter for the rows that `is_unleased` leaves out."""
    return Q(lease_until__gte=now, lease_until__lte=_latest_end(now))


def _latest_end(now: Expression) -> Expression:
    return ExpressionWrapper(now + LONGEST_LEASE, output_field=DateTimeField())
