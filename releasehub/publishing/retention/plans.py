"""The versions that a run deletes from one download, selected again whenever something about it has changed."""

from datetime import datetime

from django.db.models import Q, QuerySet

from downloads.models import Download
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Origin
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.selection import select_versions, unused_since
from releasehub.publishing.retention.texts import DELETION_REASON


class DeletionPlan:
    """The versions of one download that remain to be deleted, in batches.

    A selection reads all versions of the download, so there cannot be one for each batch. Every change of a download,
    its versions, files and access keys is in the audit log, which tells whether the selection still holds. Downloads
    by visitors are not in it, so they are looked up for each batch.

    Attributes:
        is_done: Whether nothing remains.
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
