"""Readiness checks: whether everything that the hub depends on can be reached.

Apps above this one register checks of their own dependencies.
"""

from collections.abc import Callable
from functools import lru_cache
from sqlite3 import OperationalError

from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from redis.exceptions import RedisError

from releasehub.settings.sqlite_writers import QueuedConnection

Check = Callable[[], bool]


def readiness() -> dict[str, bool]:
    """Run all checks, and return the result of each by its name."""
    is_reachable = is_database_reachable()
    # A database that cannot be reached would let the next question wait for the same timeout again.
    results = {"database": is_reachable, "migrations": is_reachable and is_migrated()}
    return results | {name: check() for name, check in _checks.items()}


def register_check(name: str, check: Check) -> None:
    """Add a check to the readiness endpoint. The name appears in its response."""
    _checks[name] = check


def is_database_reachable() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if isinstance(connection.connection, QueuedConnection):
                connection.connection.ensure_file()
    except (DatabaseError, OperationalError):
        return False
    return True


def is_migrated() -> bool:
    """Return whether all migrations of this code have run."""
    try:
        return _is_complete(frozenset(MigrationRecorder(connection).applied_migrations()))
    except DatabaseError:
        return False


@lru_cache(maxsize=1)
def _is_complete(applied: frozenset[tuple[str, str]]) -> bool:
    """Return whether no migration is missing among those that were applied.

    Django sorts the migrations of all apps for that, which takes 20 ms of CPU time, and probes ask every few seconds.
    """
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def is_broker_reachable() -> bool:
    """Return whether Redis accepts changes. Without Redis, the broker and the cache live in the process.

    A replica, a full Redis and one that misses its replicas still answer reads, but take no tasks.
    """
    if not settings.REDIS_URL:
        return True
    try:
        caches["limits"].set("readyz", 1)  # the default cache hides failures
    except RedisError:
        return False
    return True


_checks: dict[str, Check] = {"broker": is_broker_reachable}
