"""Database cursors that Django does not open by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper


@contextmanager
def server_binding_cursor(using: str = DEFAULT_DB_ALIAS) -> Iterator[CursorWrapper]:
    """Open a cursor that sends values apart from the SQL, so that PostgreSQL can reuse the plan of an earlier call.

    Django's default cursor puts the values into the SQL on the client's side, so that no two statements are equal.
    """
    connection: Any = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from django.db.backends.postgresql.base import ServerBindingCursor

            cursor.cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
        yield cursor
