"""The read-only mode: the hub serves every read and refuses every change, while an operator moves its data.

The mode is a row of the database, so that it holds for all processes. They read it at most once a second. In this mode

- the middleware answers requests that would change something with 503 and `Retry-After`,
- background tasks do not run; the schedule finds their work later,
- reads are not counted, and do not record when a key was last used.

`releasehub.operations` owns the row and registers here how to read it.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError

from releasehub.core.errors import ReadOnly

log = logging.getLogger(__name__)
Source = Callable[[], bool]
RETRY_AFTER_SECONDS = 60
# Without the database, each attempt to read the mode takes as long as the pool waits for a connection.
SECONDS_AFTER_FAILURE = 10


class _Mode:
    """The mode as this process last read it."""

    source: Source | None = None
    is_on = False
    read_again_at: float | None = None


def register_source(source: Source) -> None:
    """Set the function that reads the mode from the database."""
    _Mode.source = source


def is_read_only() -> bool:
    """Return whether the mode is on. The answer may be a second old."""
    seconds = settings.READ_ONLY_CHECK_SECONDS
    if seconds is None or _Mode.source is None:
        return False
    if _Mode.read_again_at is None or time.monotonic() >= _Mode.read_again_at:
        read = _read(_Mode.source)
        _Mode.is_on = bool(read)
        _Mode.read_again_at = time.monotonic() + (SECONDS_AFTER_FAILURE if read is None else seconds)
    return _Mode.is_on


def ensure_writable() -> None:
    """Check the mode without a cache, within the transaction that is about to write."""
    if settings.READ_ONLY_CHECK_SECONDS is not None and _Mode.source is not None and _Mode.source():
        raise ReadOnly


def _read(source: Source) -> bool | None:
    """Return the mode, or None if the database cannot be read. Then the change will fail on its own."""
    try:
        return source()
    except DatabaseError:
        log.warning("The read-only mode could not be read.", exc_info=True)
        return None
