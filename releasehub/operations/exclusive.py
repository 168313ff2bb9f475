"""A lock, so that only one operation runs on a hub at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from releasehub.operations.errors import OperationError


@contextmanager
def exclusive() -> Iterator[None]:
    """Hold the lock of the data directory. The system releases it even if the process is killed."""
    folder = Path(settings.DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "operations.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperationError(
                "Another backup, restore or move of this hub is running. Wait until it has ended, then try again."
            ) from None
        yield
