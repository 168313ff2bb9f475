"""Database cursors that Django does not open by itself, and values as they are sent through them.

`ServerBindingCursor`, `make_cursor`, `make_debug_cursor` and `queries_logged` are internals of Django.
`tests/core/test_inserts.py` and the tests of SQL templates use them with the installed version.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.utils import CursorWrapper

# Making one for each time took a twentieth of the CPU time of a page that a cursor leads to.
_TIME = models.DateTimeField()


@contextmanager
def server_binding_cursor(using: str = DEFAULT_DB_ALIAS) -> Iterator[CursorWrapper]:
    """Open a cursor that sends values apart from the SQL, so that PostgreSQL can reuse the plan of an earlier call.

    Django's default cursor puts the values into the SQL on the client's side, so that no two statements are equal.
    """
    connection: Any = connections[using]
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    from django.db.backends.postgresql.base import ServerBindingCursor
    from psycopg.types.datetime import TimestamptzLoader

    # `connection.cursor()` would do both, but also make the other kind of cursor, which takes longer than this one.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(ServerBindingCursor(connection.connection)) as cursor:  # type: ignore[call-arg]
        # Django's loader parses each time in Python, which takes 40 times as long as that of psycopg in C. Both return
        # UTC, which is the time zone of the connection.
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        yield cursor


def as_sent(value: Any) -> Any:
    """Return the value in the form that the database driver expects; only times and bytes need one."""
    if isinstance(value, datetime):
        return _TIME.get_db_prep_value(value, connections[DEFAULT_DB_ALIAS])
    if isinstance(value, bytes):
        connection: Any = connections[DEFAULT_DB_ALIAS]
        return connection.Database.Binary(value)
    return value
