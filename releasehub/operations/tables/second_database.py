"""A connection to a second database beside that of the hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from environs import ValidationError

from releasehub.operations.errors import OperationError
from releasehub.settings.data import SQLITE_OPTIONS
from releasehub.settings.parsers import parse_database

ALIAS = "second"


@contextmanager
def second_database(url: str, *, alias: str = ALIAS) -> Iterator[BaseDatabaseWrapper]:
    """Connect to the database with this URL, without a pool, and close the connection after the block.

    Args:
        alias: The name of the connection. With that of the hub's own connection, all code in the block uses the second
            database; this is for migrations, which know no other one.
    """
    config = _configuration(url)
    backend: Any = load_backend(config["ENGINE"])
    connection: BaseDatabaseWrapper = backend.DatabaseWrapper(config, alias)
    is_configured = alias in connections
    own = connections[alias] if is_configured else None
    connections[alias] = connection
    try:
        yield connection
    finally:
        connection.close()
        if own is not None:
            connections[alias] = own
        else:
            del connections[alias]


def _configuration(url: str) -> dict[str, Any]:
    try:
        given = parse_database(url)
    except ValidationError:
        raise OperationError("The URL is invalid. Write it like postgresql://user:password@host/name.") from None
    if "sqlite" in given["ENGINE"]:
        given["OPTIONS"] = {**given.get("OPTIONS", {}), **SQLITE_OPTIONS}
    defaults = {name: value for name, value in settings.DATABASES["default"].items() if name in {"TIME_ZONE", "TEST"}}
    fixed = {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    return {"OPTIONS": {}, "TIME_ZONE": None, **fixed, **defaults, **given}
