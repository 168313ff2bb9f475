"""The rule that applies to a download, and the versions that it selects. The preview and the run both ask here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from downloads.holds import not_held
from downloads.models import Category, Download, LegalHold
from files.models import DownloadDay, DownloadGrant
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.protection import Inventory, protected_ids, take_inventories
from versions.models import Version


def selected_versions(rule: RetentionRule, download: Download) -> list[Version]:
    """Return the versions of the download that the rule deletes, the oldest first. A held download has none."""
    return select_versions(rule, [download])


def select_versions(rule: RetentionRule, downloads: Sequence[Download]) -> list[Version]:
    """Return the versions of the downloads that the rule deletes, those of a download together, the oldest first.

    The number of queries does not depend on the number of downloads. Their versions are loaded into memory.
    """
    held = set(LegalHold.objects.filter(download__in=downloads).values_list("download_id", flat=True))
    able = [download for download in downloads if not download.is_deleted and download.pk not in held]
    if not rule.is_active or not able:
        return []
    aged = [version for inventory in take_inventories(able) for version in _aged(rule, inventory)]
    return _idle(rule, aged) if aged else []


def _aged(rule: RetentionRule, inventory: Inventory) -> list[Version]:
    kept = protected_ids(rule, inventory)
    rows = [row for row in inventory.versions if row.pk not in kept and _is_old(rule, row.released_at)]
    return rows[::-1]


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


def last_downloads(versions: list[Version]) -> dict[int, datetime]:
    """Return when people downloaded each version last. Versions without any download are missing."""
    # Not by the ids of the versions, of which there may be more than a database takes in one statement.
    of_downloads = {"file__version__download__in": {version.download_id for version in versions}}
    days = DownloadDay.objects.filter(**of_downloads, downloads__gt=0).order_by()
    found = {
        pk: datetime.combine(day, datetime.max.time(), tzinfo=timezone.get_default_timezone())
        for pk, day in days.values_list("file__version").annotate(last=Max("day"))
    }
    # A worker folds these events into days every minute. Until then, only they know of the download.
    events = DownloadGrant.objects.filter(**of_downloads, is_folded=False, is_bot=False).order_by()
    for pk, moment in events.values_list("file__version").annotate(last=Max("granted_at")):
        found[pk] = max(moment, found.get(pk, moment))
    return found


def _is_old(rule: RetentionRule, released_at: datetime) -> bool:
    days = max(rule.min_age_days or 0, rule.idle_days or 0)
    return released_at < timezone.now() - timedelta(days=days)


def _idle(rule: RetentionRule, versions: list[Version]) -> list[Version]:
    if rule.idle_days is None:
        return versions
    start, last = timezone.now() - timedelta(days=rule.idle_days), last_downloads(versions)
    return [version for version in versions if version.pk not in last or last[version.pk] < start]
