"""Short outages of the database: repeat a write until the database is back."""

import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection

from releasehub.core.database_errors import is_outage
from releasehub.webhooks.sending import POLL_SECONDS

MAX_OUTAGE_SECONDS = 30.0


def retry_during_outage(write: Callable[[], object]) -> None:
    """Call `write`, and repeat it for a while if the database cannot be reached.

    Otherwise everything that was just sent would be sent again.
    """
    deadline = time.monotonic() + MAX_OUTAGE_SECONDS
    while True:
        try:
            write()
            return
        except (DatabaseError, InterfaceError) as error:
            # Inside a transaction a single statement cannot be repeated, so the error has to reach the caller.
            if not is_outage(error) or connection.in_atomic_block or time.monotonic() > deadline:
                raise
            # Django opens a new connection for the next query. The current one stays unusable after an error.
            connection.close()
            time.sleep(POLL_SECONDS)
