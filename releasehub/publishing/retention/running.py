"""Apply the retention rules: soft-delete what they select, in small transactions that can be interrupted anywhere."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_download
from releasehub.core.actor import system_actor
from releasehub.core.errors import NotFound
from releasehub.publishing.lifecycle import move
from releasehub.publishing.models import RetentionRule, RetentionRun
from releasehub.publishing.retention.selection import RuleBook, selected_versions
from releasehub.publishing.retention.texts import DELETION_REASON
from releasehub.publishing.transitions import Move
from versions.models import Version

PERIOD = timedelta(hours=24)
VERSIONS_PER_TRANSACTION = 50
VERSIONS_PER_CALL = 2000
FETCHED_DOWNLOADS = 200


def apply_rules(*, max_versions: int = VERSIONS_PER_CALL, is_forced: bool = False) -> RetentionRun | None:
    """Continue the run that is under way, or start one if the last is a day old. Return it, or None if none is due.

    A deletion, its audit row, its event and the progress of the run commit together, and each transaction selects
    again what it deletes. So the run may be interrupted anywhere, and two workers may do it at once.

    Args:
        max_versions: The run pauses after about this many deletions. The next call continues it.
        is_forced: Start a run even if the last one is younger than a day.
    """
    run = _current_run(is_forced=is_forced)
    if run is None:
        return None
    done = 0
    while done < max_versions:
        book = RuleBook()
        rows = list(book.ruled_downloads().filter(pk__gt=run.cursor)[:FETCHED_DOWNLOADS])
        if not rows:
            RetentionRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=timezone.now())
            break
        for download in rows:
            done += _apply_to(run, download, book)
            run.cursor = download.pk
    run.refresh_from_db()
    return run


def _current_run(*, is_forced: bool) -> RetentionRun | None:
    last = RetentionRun.objects.first()
    if last is not None and last.finished_at is None:
        return last
    is_due = last is None or is_forced or last.started_at < timezone.now() - PERIOD
    return RetentionRun.objects.create() if is_due and RetentionRule.objects.exists() else None


def _apply_to(run: RetentionRun, download: Download, book: RuleBook) -> int:
    """Delete what the rule of the download selects, in batches. Return the number of deleted versions."""
    total, count = 0, VERSIONS_PER_TRANSACTION
    while count == VERSIONS_PER_TRANSACTION:
        count = _delete_batch(run, download, book)
        total += count
    RetentionRun.objects.filter(pk=run.pk, cursor__lt=download.pk).update(cursor=download.pk)
    return total


@transaction.atomic
def _delete_batch(run: RetentionRun, download: Download, book: RuleBook) -> int:
    try:
        locked = lock_download(download.pk)
    except NotFound:  # another request erased it
        return 0
    rule = book.rule_for(locked)
    # The rule is read again: it may have been paused or deleted since the run began.
    rule = RetentionRule.objects.filter(pk=rule.pk).first() if rule else None
    versions = selected_versions(rule, locked)[:VERSIONS_PER_TRANSACTION] if rule else []
    for version in versions:
        # The selection has read only some columns.
        whole = Version.objects.select_related("download").get(pk=version.pk)
        move(Move.DELETE, actor=system_actor(), version=whole, reason=DELETION_REASON)
    RetentionRun.objects.filter(pk=run.pk).update(deleted_count=F("deleted_count") + len(versions))
    return len(versions)
