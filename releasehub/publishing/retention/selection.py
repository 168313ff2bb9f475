"""The rule that applies to a download, and the versions that it selects. The preview and the run both ask here."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from downloads.holds import not_held
from downloads.models import Category, Download, LegalHold
from files.models import DownloadDay, DownloadGrant
from releasehub.core.ids import as_subquery
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.protection import Protection, ReleasedRow, key_limits_of, targets_of
from versions.models import Version

# The versions of a chunk are in memory together with their files, about 2 MiB.
VERSIONS_AT_ONCE = 2000


def select_versions(rule: RetentionRule, downloads: Sequence[Download]) -> list[int]:
    """Return the primary keys of the versions that the rule deletes, those of a download together, the oldest first.

    The versions are read in chunks, so the memory for a million of them is that for the result. The number of queries
    does not depend on the number of downloads.
    """
    held = set(LegalHold.objects.filter(download__in=downloads).values_list("download_id", flat=True))
    able = [download for download in downloads if not download.is_deleted and download.pk not in held]
    if not rule.is_active or not able:
        return []
    limits = key_limits_of(able)
    protections: dict[int, Protection] = {}
    selected: dict[int, list[int]] = {}
    for chunk in _chunks(able):
        targets = targets_of(chunk)
        aged: dict[int, int] = {}
        for row in chunk:
            protection = protections.get(row.download_id)
            if protection is None:
                protection = protections[row.download_id] = Protection(rule, limits.get(row.download_id, ()))
            if not protection.protects(row, targets[row.pk]) and _is_old(rule, row.released_at):
                aged[row.pk] = row.download_id
        for pk in unused_since(rule, list(aged)):
            selected.setdefault(aged[pk], []).append(pk)
    kept = {pk for protection in protections.values() for pk in protection.protected_last()}
    return [pk for ids in selected.values() for pk in reversed(ids) if pk not in kept]


def _chunks(downloads: Sequence[Download]) -> Iterator[list[ReleasedRow]]:
    """Yield the released versions of the downloads, one download after the other, the highest first."""
    rows = Version.objects.released().filter(download__in=as_subquery(download.pk for download in downloads))
    rows = rows.order_by("download", "-sort_key", "is_twin", "-id")
    found = map(ReleasedRow._make, rows.values_list(*ReleasedRow._fields).iterator(VERSIONS_AT_ONCE))
    while chunk := list(islice(found, VERSIONS_AT_ONCE)):
        yield chunk


class RuleBook:
    """All rules, with the one that applies to each download: its own, else that of its nearest category."""

    def __init__(self, *, instead: RetentionRule | None = None) -> None:
        """Load the rules. `instead` takes the place of the stored rule with the same target."""
        rules = {(rule.category_id, rule.download_id): rule for rule in RetentionRule.objects.all()}
        if instead is not None:
            rules = {target: rule for target, rule in rules.items() if rule.pk != instead.pk or instead.pk is None}
            rules[instead.category_id, instead.download_id] = instead
        self._of_downloads = {rule.download_id: rule for rule in rules.values() if rule.download_id}
        self._of_categories = {rule.category_id: rule for rule in rules.values() if rule.category_id}
        self._parents = dict(Category.objects.order_by().values_list("pk", "parent_id"))

    def rule_for(self, download: Download) -> RetentionRule | None:
        return self._of_downloads.get(download.pk) or self._rule_of_category(download.category_id)

    def ruled_downloads(self) -> QuerySet[Download]:
        """Return the downloads that have a rule and may lose versions, in the order of their primary keys."""
        categories = [pk for pk in self._parents if self._rule_of_category(pk)]
        targets = Q(pk__in=list(self._of_downloads)) | Q(category__in=categories)
        return Download.objects.filter(targets, not_held("")).order_by("pk")

    def downloads_of(self, rule: RetentionRule) -> Iterator[Download]:
        """Yield the downloads to which this rule applies, and no nearer one."""
        for download in self.ruled_downloads().select_related("category").iterator(500):
            if self.rule_for(download) is rule:
                yield download

    def _rule_of_category(self, category_id: int | None) -> RetentionRule | None:
        while category_id is not None:
            if rule := self._of_categories.get(category_id):
                return rule
            category_id = self._parents.get(category_id)
        return None


def last_downloads(version_ids: Iterable[int]) -> dict[int, datetime]:
    """Return when people downloaded each version last. Versions without any download are missing."""
    of_versions = {"file__version__in": as_subquery(version_ids)}
    days = DownloadDay.objects.filter(**of_versions, downloads__gt=0).order_by()
    found = {
        pk: datetime.combine(day, datetime.max.time(), tzinfo=timezone.get_default_timezone())
        for pk, day in days.values_list("file__version").annotate(last=Max("day"))
    }
    # A worker folds these events into days every minute. Until then, only they know of the download.
    events = DownloadGrant.objects.filter(**of_versions, is_folded=False, is_bot=False).order_by()
    for pk, moment in events.values_list("file__version").annotate(last=Max("granted_at")):
        found[pk] = max(moment, found.get(pk, moment))
    return found


def unused_since(rule: RetentionRule, version_ids: Sequence[int]) -> list[int]:
    """Return those of the versions that were not downloaded for as many days as the rule says."""
    if rule.idle_days is None or not version_ids:
        return list(version_ids)
    start, last = timezone.now() - timedelta(days=rule.idle_days), last_downloads(version_ids)
    return [pk for pk in version_ids if pk not in last or last[pk] < start]


def _is_old(rule: RetentionRule, released_at: datetime) -> bool:
    days = max(rule.min_age_days or 0, rule.idle_days or 0)
    return released_at < timezone.now() - timedelta(days=days)
