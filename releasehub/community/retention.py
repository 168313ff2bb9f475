"""The purge of deleted comments and reviews and of closed reports, each with the retention period of its kind."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from releasehub.community.models import Comment, Contribution, Report, Review
from releasehub.community.services import delete_contribution, lock_contribution
from releasehub.publishing.purging import purge_rows, purge_start


def purge_comments(older_than: timedelta | None) -> int:
    """Erase comments that were deleted before the period, by default RELEASEHUB_COMMENT_RETENTION_DAYS."""
    return _purge(Comment, older_than, settings.COMMENT_RETENTION_DAYS)


def purge_reviews(older_than: timedelta | None) -> int:
    """Erase reviews that were deleted before the period, by default RELEASEHUB_RETENTION_DAYS as for downloads."""
    return _purge(Review, older_than, settings.RETENTION_DAYS)


def purge_reports(older_than: timedelta | None) -> int:
    """Delete reports that were closed before the period, by default RELEASEHUB_REPORT_RETENTION_DAYS."""
    before = purge_start(older_than, settings.REPORT_RETENTION_DAYS)
    return 0 if before is None else Report.objects.filter(handled_at__lt=before).delete()[0]


def _purge(model: type[Contribution], older_than: timedelta | None, retention_days: int) -> int:
    before = purge_start(older_than, retention_days)
    if before is None:
        return 0
    rows = model.all_objects.deleted_before(before)
    return purge_rows(rows, lock_contribution, lambda row, **options: delete_contribution(row=row, **options))
