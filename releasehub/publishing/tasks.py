"""Background tasks for versions. Every task is idempotent.

The tasks keep the names that they had in the app `files`, because queued messages and schedules carry them.
"""

import logging

from celery import shared_task

from releasehub.publishing.purge import purge_deleted
from releasehub.publishing.releases import publish_due_versions
from releasehub.publishing.retention.running import apply_rules

log = logging.getLogger(__name__)


@shared_task(name="files.publish_due")
def publish_due() -> int:
    published, problems = publish_due_versions()
    for problem in problems:
        log.warning("A scheduled version could not be published. Cause: %s", problem)
    return published


@shared_task(name="files.purge_deleted")
def purge() -> dict[str, int]:
    """Erase the rows that were soft-deleted before the retention window began."""
    return purge_deleted()


@shared_task(name="files.apply_retention")
def apply_retention() -> int:
    """Continue or start the daily run of the retention rules. Return how many versions that run has deleted."""
    run = apply_rules()
    return run.deleted_count if run else 0
