"""Count views of the pages of downloads, as downloads are counted: one insert in the request, and a worker adds up."""

import logging
from collections import Counter
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from downloads.models import Download, PageView
from downloads.services import lock_downloads
from releasehub.core.inserts import insert_all, savepoint_in_transaction
from releasehub.core.read_only import is_read_only
from releasehub.distribution.counting import is_bot, visitor_of

log = logging.getLogger(__name__)

BATCH_VIEWS = 2000
RETENTION = timedelta(hours=2)  # a repeated view has to find the one that it repeats


def record_page_view(request: HttpRequest, download: Download) -> None:
    """Record that a person saw the page, once per visitor and hour. A page never fails because of this."""
    if request.method != "GET" or is_bot(request) or is_read_only():
        return
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    view = PageView(download_id=download.pk, visitor=visitor_of(request), hour=hour)
    try:
        with savepoint_in_transaction():
            insert_all([view], ignore_conflicts=True)
    except DatabaseError:
        log.warning("A view of download %s was not counted, because the database failed.", download.pk, exc_info=True)


def aggregate_page_views() -> int:
    """Add all new views to the downloads and return their number. Several workers may run this at the same time."""
    view_count = 0
    while PageView.objects.filter(is_folded=False).exists():
        view_count += _aggregate_batch()
    PageView.objects.filter(is_folded=True, hour__lt=timezone.now() - RETENTION).delete()
    return view_count


@transaction.atomic
def _aggregate_batch() -> int:
    """Add one batch in one transaction, so that each view is counted exactly once."""
    waiting = PageView.objects.filter(is_folded=False).order_by("id")
    ids = list(waiting.values_list("pk", flat=True)[:BATCH_VIEWS])
    # A deletion of a download takes its views along, so the downloads are locked first, as every other writer does.
    lock_downloads(PageView.objects.filter(pk__in=ids).order_by().values("download"))
    views = list(waiting.select_for_update().filter(pk__in=ids))
    for pk, number in sorted(Counter(view.download_id for view in views).items()):
        Download.all_objects.filter(pk=pk).update(view_count=F("view_count") + number)
    PageView.objects.filter(pk__in=[view.pk for view in views]).update(is_folded=True)
    return len(views)
