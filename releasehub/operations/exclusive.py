"""A lock, so that only one operation runs on a hub at a time, which also tells whether the last one was killed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from releasehub.operations.errors import OperationError


@contextmanager
def exclusive(operation: str) -> Iterator[None]:
    """Hold the lock of the data directory. The system releases it even if the process is killed.

    Args:
        operation: What is done, such as "backup to /backups". The file of the lock names it until it has ended.
    """
    path = _lock_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperationError(
                "Another backup, restore or move of this hub is running. Wait until it has ended, then try again."
            ) from None
        handle.truncate(0)
        with suppress(OSError):  # a full disk must not prevent a backup to another one
            os.write(handle.fileno(), f"{operation}, begun at {timezone.now():%Y-%m-%d %H:%M} UTC".encode())
        try:
            yield
        except Exception:
            handle.truncate(0)  # the operator reads the error
            raise
        handle.truncate(0)


def interrupted_operation() -> str:
    """Return the last operation and when it began if it was killed or canceled, and otherwise an empty string."""
    try:
        with _lock_file().open() as handle:
            if operation := handle.read():
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return operation
    except OSError:  # there was none, or it is still running
        return ""


def _lock_file() -> Path:
    return Path(settings.DATA_DIR) / "operations.lock"
