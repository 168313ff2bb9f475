"""The purge of deleted comments and reviews and of closed reports, each with the retention period of its kind."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from releasehub.community.models import Comment, Contribution, Report, Review
from releasehub.community.services import delete_contribution, lock_contribution
from releasehub.publishing.purge_registry import Purge, purge_rows, purge_start


def community_purges() -> tuple[Purge, ...]:
    """Return how comments, reviews and reports are purged.

    The periods are RELEASEHUB_COMMENT_RETENTION_DAYS, RELEASEHUB_RETENTION_DAYS as for downloads, and
    RELEASEHUB_REPORT_RETENTION_DAYS, which counts from the day a report was closed.
    """
    return (
        _deleted("comments", Comment, lambda: settings.COMMENT_RETENTION_DAYS),
        _deleted("reviews", Review, lambda: settings.RETENTION_DAYS),
        Purge("reports", _closed_reports, lambda rows: rows.delete()[0], download_path="download"),
    )


def _closed_reports(older_than: timedelta | None) -> QuerySet[Any] | None:
    before = purge_start(older_than, settings.REPORT_RETENTION_DAYS)
    return None if before is None else Report.objects.filter(handled_at__lt=before)


def _deleted(name: str, model: type[Contribution], retention_days: Callable[[], int]) -> Purge:
    def rows(older_than: timedelta | None) -> QuerySet[Any] | None:
        before = purge_start(older_than, retention_days())
        return None if before is None else model.all_objects.deleted_before(before).select_related("download", "author")

    def erase(rows: QuerySet[Any]) -> int:
        return purge_rows(rows, lock_contribution, lambda row, **options: delete_contribution(row=row, **options))

    return Purge(name, rows, erase, download_path="download")
