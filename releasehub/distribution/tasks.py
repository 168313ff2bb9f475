"""Background tasks that count and announce downloads, and clean up access keys. Every task is idempotent.

Most names begin with `files`, because the schedule of an older version may still ask for them.
"""

from celery import shared_task

from releasehub.distribution import traffic
from releasehub.distribution.counting import aggregate_download_events
from releasehub.distribution.page_views import aggregate_page_views
from releasehub.distribution.presented_keys import forget_old_uses


@shared_task(name="files.fold_downloads")
def aggregate_downloads() -> int:
    """Aggregate the download events since the last run."""
    return aggregate_download_events()


@shared_task(name="files.fold_page_views")
def count_page_views() -> int:
    """Add the views of pages since the last run."""
    return aggregate_page_views()


@shared_task(name="files.forget_key_uses")
def forget_key_uses() -> int:
    """Delete uses of access keys that no longer cover repeated downloads."""
    return forget_old_uses()


@shared_task(name="webhooks.announce_traffic")
def announce_traffic() -> int:
    """Turn what happened in downloads into events, for the webhooks that ask for it."""
    return traffic.announce_traffic()
