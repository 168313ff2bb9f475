"""Directories, database and caches."""

import os
from pathlib import Path
from typing import Any

from psycopg import IsolationLevel

from releasehub.settings.environment import env
from releasehub.settings.processes import EMBEDDED_THREADS, REDIS_URL, UPLOAD_THREADS, WEB_THREADS
from releasehub.settings.replica_connection import ReplicaConnection
from releasehub.settings.sqlite_writers import QueuedConnection

env.section = "Data, database and caches"

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR: Path = env.folder(
    "RELEASEHUB_DATA_DIR",
    str(BASE_DIR / "var"),
    help="Folder of the SQLite file, stored files, secret key and static files",
    unset="`var/`",
)

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "factory": QueuedConnection,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA busy_timeout=20000;"
    ),
}
USE_PREPARED_STATEMENTS = env.flag(
    "RELEASEHUB_PREPARED_STATEMENTS",
    default=True,
    help=(
        "PostgreSQL keeps the plans of the most frequent queries and the results of large ones. Set `0` behind a "
        "pooler that gives each transaction another connection, such as PgBouncer with `pool_mode = transaction`"
    ),
)
DATABASE_POOL_SIZE = env.number(
    "RELEASEHUB_DATABASE_POOL",
    WEB_THREADS + UPLOAD_THREADS + EMBEDDED_THREADS,
    help="PostgreSQL connections of each process; `0`: no pool",
    unset="one for each thread",
)


def _database() -> dict[str, Any]:
    """Return the database configuration.

    PostgreSQL gets a connection pool per process, because a new connection costs as much as ten small requests.
    """
    default = f"sqlite:///{DATA_DIR / 'releasehub.sqlite3'}"
    config: dict[str, Any] = env.database(
        "DATABASE_URL",
        default,
        help="`postgresql://user:password@host/name`, PostgreSQL 14 or newer",
        unset="SQLite in the data directory",
        secret=True,
    )
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    if "sqlite" in config["ENGINE"]:
        options.update(SQLITE_OPTIONS)
        # Opening the file for each request took half of the CPU time of a new version.
        config["CONN_MAX_AGE"] = None
    elif "postgresql" in config["ENGINE"]:
        config["OPTIONS"] = {**PRIMARY_TIMEOUTS, **options, **_postgresql_options(pool_timeout=10)}
        config["DISABLE_SERVER_SIDE_CURSORS"] = not USE_PREPARED_STATEMENTS
    return config


# A machine that is switched off answers nothing. The system would wait for it for a quarter of an hour, while another
# machine has long taken over. The URL may contain other values.
PRIMARY_TIMEOUTS = {
    "connect_timeout": 10,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
# A pool that cannot connect doubles the time between its attempts until this time has passed. Then the next request
# tries at once. The default of 5 minutes left the hub down for up to 2 minutes after the database was back.
RECONNECT_SECONDS = 2


# psycopg reads dates in this style only. libpq sends the variable when it connects, also through PgBouncer, and it
# takes precedence over the style that is set for the server, the database or the user.
os.environ["PGDATESTYLE"] = "ISO"


def _postgresql_options(pool_timeout: float) -> dict[str, Any]:
    options: dict[str, Any] = {
        "prepare_threshold": 2 if USE_PREPARED_STATEMENTS else None,
        # Locks and claims of rows are written for this level. At a higher one, concurrent changes fail.
        "isolation_level": IsolationLevel.READ_COMMITTED.value,
    }
    if DATABASE_POOL_SIZE:
        options["pool"] = {
            "min_size": 1,
            "max_size": DATABASE_POOL_SIZE,
            "timeout": pool_timeout,
            "reconnect_timeout": RECONNECT_SECONDS,
        }
    return options


def _replica() -> dict[str, Any]:
    """Return the configuration of the replica, or an empty one.

    Its timeouts are short, because a request that waits for the replica could read from the primary instead. Only
    `tcp_user_timeout` ends a statement that was sent to a machine that is switched off, and only `ReplicaConnection`
    one that was sent to a server that hangs.
    """
    config: dict[str, Any] = env.replica(
        "RELEASEHUB_REPLICA_URL",
        "",
        help=(
            "A streaming replica of the PostgreSQL database, for reads of anonymous visitors: "
            "`postgresql://user:password@host/name`. See [scaling](scaling.md#a-replica-for-reads)"
        ),
        secret=True,
    )
    if config:
        options = config.setdefault("OPTIONS", {})
        options.update(_postgresql_options(pool_timeout=1), **REPLICA_TIMEOUTS)
        if DATABASE_POOL_SIZE:
            options["pool"]["connection_class"] = ReplicaConnection
        config["DISABLE_SERVER_SIDE_CURSORS"] = not USE_PREPARED_STATEMENTS
        config["TEST"] = {"MIRROR": "default"}
    return config


REPLICA_TIMEOUTS = {"connect_timeout": 2, "tcp_user_timeout": 1500, "keepalives_idle": 2, "keepalives_interval": 1}
REPLICA_MAX_LAG_SECONDS = env.number(
    "RELEASEHUB_REPLICA_MAX_LAG_SECONDS",
    3,
    minimum=1,
    help=(
        "How far the replica may be behind the primary. Reads go to the primary while it is further behind, cannot "
        "be reached, or lacks a change of the same web process"
    ),
)
DATABASES = {"default": _database()} | ({"replica": replica} if (replica := _replica()) else {})
USE_REPLICA = "replica" in DATABASES
DATABASE_ROUTERS = ["releasehub.core.cluster.replica.ReplicaRouter"] if USE_REPLICA else []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Each process reads from the database at most so often whether the hub is read-only; None: never.
READ_ONLY_CHECK_SECONDS: float | None = 1
MAX_COUNTERS = 50_000
REDIS_TIMEOUTS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
CACHES = {
    "default": {"BACKEND": "releasehub.core.redis_cache.OptionalRedisCache", "LOCATION": REDIS_URL}
    | {"OPTIONS": REDIS_TIMEOUTS}
    if REDIS_URL
    else {"BACKEND": "releasehub.core.steady_cache.SteadyCache"},
    # The counters of rate limits. Nothing else is stored there, so that no other keys can evict a counter.
    "limits": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    | {"OPTIONS": REDIS_TIMEOUTS}
    if REDIS_URL
    else {"BACKEND": "releasehub.core.steady_cache.SteadyCache", "LOCATION": "limits"}
    | {"OPTIONS": {"MAX_ENTRIES": MAX_COUNTERS}},
    "process": {"BACKEND": "releasehub.core.steady_cache.SteadyCache", "LOCATION": "process"}
    | {"OPTIONS": {"MAX_ENTRIES": MAX_COUNTERS}},
}

ANONYMOUS_CACHE_SECONDS = env.number(
    "RELEASEHUB_ANONYMOUS_CACHE_SECONDS",
    env.number(
        "RELEASEHUB_GUEST_CACHE_SECONDS",
        1,
        help="The deprecated name of `RELEASEHUB_ANONYMOUS_CACHE_SECONDS`, which causes a warning at the start",
    ),
    help=(
        "How long a process caches pages, update checks and targets of permanent links for anonymous "
        "visitors. A change clears the caches of all processes at once; without Redis, only the cache of the process "
        "that made it. `0`: no cache"
    ),
    unset="`1`",
)
RIGHTS_CACHE_SECONDS = env.number(
    "RELEASEHUB_RIGHTS_CACHE_SECONDS",
    1,
    help=(
        "How long a process reuses API keys and access rights for requests that read. A right that ends does so in "
        "all processes at once; without Redis, other processes can use it for that long. `0`: no cache"
    ),
)
