"""Reads from a replica of the database, for anonymous visitors only.

A replica is optional (RELEASEHUB_REPLICA_URL). Lists, pages, the latest version and update checks are read from it for
requests without credentials. Everything else uses the primary: every write, every request with a key or a session, so
that clients see what they have written, and every decision about the bytes of a file.

A replica that fails, or that may lag too far behind, is not used: the request reads from the primary instead, and
never fails because of the replica. `releasehub.core.cluster.replica_health` decides when it may be used again.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

from releasehub.core.cluster.change_channel import channel
from releasehub.core.cluster.replica_health import REPLICA_ALIAS, health
from releasehub.core.database_errors import OUTAGES

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class _Attempt:
    """A read from the replica, and whether the replica failed during it."""

    has_failed = False

    def watch(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Execute a statement on the replica, and record an outage even if a view turns it into a response."""
        try:
            return execute(*arguments)
        except OUTAGES:
            self.has_failed = True
            raise


_attempt: ContextVar[_Attempt | None] = ContextVar("replica attempt", default=None)


def read_alias() -> str:
    """Return the database to read from: the replica within `read_from_replica`, and otherwise the primary.

    Inside a transaction it is the primary, which alone has the changes that are not committed yet.
    """
    return REPLICA_ALIAS if is_reading_from_replica() else DEFAULT_DB_ALIAS


def is_reading_from_replica() -> bool:
    return _attempt.get() is not None and not _is_in_transaction()


def _is_in_transaction() -> bool:  # a function, because tests run inside a transaction and replace it
    return connection.in_atomic_block


def read_from_replica(read: Callable[[], Result]) -> Result:
    """Call `read` with its queries on the replica. If the replica fails or is not usable, call it on the primary.

    Args:
        read: A function that is called again after a failure, so all of its effects may happen twice.
    """
    if not settings.USE_REPLICA:
        return read()
    channel.listen()  # a process that fills no cache also has to hear of changes that the replica may lack
    if not health.is_usable():
        return read()
    attempt = _Attempt()
    try:
        result = _read_with(attempt, read)
    except Exception as error:  # a view may raise anything after a query failed
        if not attempt.has_failed and not isinstance(error, OUTAGES):
            raise
    else:
        if not attempt.has_failed:
            return result
    health.record_failure()
    log.warning("The replica of the database failed. A request reads from the primary instead.")
    return read()


def _read_with(attempt: _Attempt, read: Callable[[], Result]) -> Result:
    replica = connections[REPLICA_ALIAS]
    attempt.watch(replica.ensure_connection)
    token = _attempt.set(attempt)
    try:
        with replica.execute_wrapper(attempt.watch):
            return read()
    finally:
        _attempt.reset(token)


class ReplicaRouter:
    """The database router: reads within `read_from_replica` use the replica, and everything else uses the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return read_alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS  # even for rows that were read from the replica

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        return True  # both databases have the same rows

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA_ALIAS else None
