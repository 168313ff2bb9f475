"""Apply the retention rules: soft-delete what they select, in small transactions that can be interrupted anywhere."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_download
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Origin, system_actor
from releasehub.core.errors import NotFound
from releasehub.publishing.lifecycle import move
from releasehub.publishing.models import RetentionRule, RetentionRun
from releasehub.publishing.retention.selection import RuleBook, select_versions, unused_since
from releasehub.publishing.retention.texts import DELETION_REASON
from releasehub.publishing.transitions import Move
from versions.models import Version


class DeletionPlan:
    """The versions of one download that remain to be deleted, in batches.

    A selection reads all versions of the download, so there cannot be one for each batch. Every change of a download,
    its versions, files and access keys is in the audit log, which tells whether the selection still holds. Downloads
    by visitors are not in it, so they are looked up for each batch.
    """

    def __init__(self) -> None:
        self.is_done = False
        self._ids: list[int] = []
        self._conditions: tuple[int, datetime] | None = None
        self._last_entry = 0

    def next_batch(self, rule: RetentionRule | None, download: Download, limit: int) -> list[int]:
        """Return the next versions that the rule deletes, at most `limit`. The caller has locked the download."""
        if rule is None:
            self.is_done = True
            return []
        if self._conditions != (rule.pk, rule.updated_at) or self._has_changed(download):
            self._conditions = (rule.pk, rule.updated_at)
            self._last_entry = _entries(download).values_list("pk", flat=True).first() or 0
            self._ids = select_versions(rule, [download])
        batch, self._ids = self._ids[:limit], self._ids[limit:]
        self.is_done = not self._ids
        return unused_since(rule, batch)

    def _has_changed(self, download: Download) -> bool:
        """Return whether anything but the deletions of runs was recorded since the selection.

        A person can give the same reason, but acts through another interface than a run.
        """
        rows = _entries(download).filter(pk__gt=self._last_entry)
        by_runs = Q(action=AuditAction.VERSION_DELETE_SOFT, reason=DELETION_REASON, channel=Origin.SYSTEM)
        return rows.exclude(by_runs).exists()


def _entries(download: Download) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(download_id=download.pk).order_by("-pk")


PERIOD = timedelta(hours=24)
VERSIONS_PER_TRANSACTION = 50
VERSIONS_PER_CALL = 2000
FETCHED_DOWNLOADS = 200


def apply_rules(*, max_versions: int = VERSIONS_PER_CALL, is_forced: bool = False) -> RetentionRun | None:
    """Continue the run that is under way, or start one if the last is a day old. Return it, or None if none is due.

    A deletion, its audit row, its event and the progress of the run commit together, and each transaction checks
    whether the selection still holds. So the run may be interrupted anywhere, and two workers may do it at once.

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
            done += _apply_to(run, download, book, max_versions - done)
            if done >= max_versions:
                break
            run.cursor = download.pk
    run.refresh_from_db()
    return run


def _current_run(*, is_forced: bool) -> RetentionRun | None:
    last = RetentionRun.objects.first()
    if last is not None and last.finished_at is None:
        return last
    is_due = last is None or is_forced or abs(timezone.now() - last.started_at) > PERIOD
    return RetentionRun.objects.create() if is_due and RetentionRule.objects.exists() else None


def _apply_to(run: RetentionRun, download: Download, book: RuleBook, max_versions: int) -> int:
    """Delete what the rule of the download selects, in batches. Return the number of deleted versions.

    The download is done if there are fewer than `max_versions`.
    """
    plan, total = DeletionPlan(), 0
    while not plan.is_done and total < max_versions:
        total += _delete_batch(run, download, book, plan)
    if total < max_versions:
        RetentionRun.objects.filter(pk=run.pk, cursor__lt=download.pk).update(cursor=download.pk)
    return total


@transaction.atomic
def _delete_batch(run: RetentionRun, download: Download, book: RuleBook, plan: DeletionPlan) -> int:
    try:
        locked = lock_download(download.pk)
    except NotFound:  # another request erased it
        plan.is_done = True
        return 0
    rule = book.rule_for(locked)
    # The rule is read again: it may have been paused or deleted since the run began.
    rule = RetentionRule.objects.filter(pk=rule.pk).first() if rule else None
    ids = plan.next_batch(rule, locked, VERSIONS_PER_TRANSACTION)
    # Another worker that does the same run may have deleted some of them.
    versions = list(Version.objects.select_related("download").filter(pk__in=ids).order_by("sort_key", "id"))
    for version in versions:
        move(Move.DELETE, actor=system_actor(), version=version, reason=DELETION_REASON)
    RetentionRun.objects.filter(pk=run.pk).update(deleted_count=F("deleted_count") + len(versions))
    return len(versions)
