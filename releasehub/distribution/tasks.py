"""Background work on downloads by clients. Every task may run twice.

The names begin with `files`, because the schedule of an older version may still ask for them.
"""

from celery import shared_task

from releasehub.distribution.access_keys import forget_old_uses
from releasehub.distribution.counting import fold_grants


@shared_task(name="files.fold_downloads")
def fold_downloads() -> int:
    """Count what was downloaded since the last time."""
    return fold_grants()


@shared_task(name="files.forget_key_uses")
def forget_key_uses() -> int:
    """Remove spent uses of access keys that pay for nothing any more."""
    return forget_old_uses()
