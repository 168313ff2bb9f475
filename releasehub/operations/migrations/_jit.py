from typing import Any

from django.db import DatabaseError, transaction


def switch_off(apps: Any, schema_editor: Any) -> None:
    """Switch PostgreSQL's JIT off for the user of the hub in this database.

    PostgreSQL overestimates what the conditions of a list cost, and compiles for 150 ms a query that then runs for 10 ms.
    A default of the role needs nothing from the operator, and works behind every pooler. A role that may not change
    itself is named by `manage.py doctor`.
    """
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")  # for this connection, which a test suite keeps
        cursor.execute("SELECT format('ALTER ROLE %I IN DATABASE %I SET jit = off', session_user, current_database())")
        (statement,) = cursor.fetchone()
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute(statement)
        except DatabaseError:
            return
