"""The replica of the database that RELEASEHUB_REPLICA_URL names."""

import time
from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from releasehub.core.cluster.replica_health import REPLICA_ALIAS, ReplicaHealth
from releasehub.server.doctor.registry import register

UNREACHABLE_HINT = "Check RELEASEHUB_REPLICA_URL, and that the server runs. Until then, reads go to the primary."
SYSTEM = "SELECT system_identifier::text, pg_is_in_recovery() FROM pg_control_system()"
LAG_HINT = "Look for long queries on the replica, and at pg_stat_replication on the primary."


@register("replica")
def check_replica() -> Iterator[CheckMessage]:
    if not settings.USE_REPLICA:
        yield Info("RELEASEHUB_REPLICA_URL is not set, so all reads use the primary.")
        return
    try:
        (identifier, is_replica), (primary, _) = _system(REPLICA_ALIAS), _system(DEFAULT_DB_ALIAS)
    except DatabaseError as error:
        yield Error(f"The replica cannot be reached. Cause: {error}", hint=UNREACHABLE_HINT)
        return
    if not is_replica or identifier != primary:
        yield Error(
            "RELEASEHUB_REPLICA_URL is not a streaming replica of the database in DATABASE_URL.",
            hint="Set it to a server that pg_basebackup --write-recovery-conf made from the primary, or unset it.",
        )
        return
    yield measure_lag(ReplicaHealth(), settings.REPLICA_MAX_LAG_SECONDS)


def measure_lag(health: ReplicaHealth, limit: float) -> CheckMessage:
    """Wait until the replica has what was committed now, at most for `limit` seconds."""
    began = time.monotonic()
    while not health.probe():
        if time.monotonic() - began > limit:
            return Warning(f"The replica is more than {limit:.0f} seconds behind the primary.", hint=LAG_HINT)
        time.sleep(0.05)
    return Info(f"The replica is {time.monotonic() - began:.1f} seconds behind the primary.")


def _system(alias: str) -> tuple[str, bool]:
    """Return the identifier that a primary and its replicas share, and whether the server is a replica."""
    with connections[alias].cursor() as cursor:
        cursor.execute(SYSTEM)
        return cursor.fetchone()
