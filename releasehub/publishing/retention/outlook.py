"""The retention rule of a download and the versions that it deletes next, as authors see them."""

from __future__ import annotations

from dataclasses import dataclass

from downloads.models import Download
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.selection import RuleBook, selected_versions
from versions.models import Version

SHOWN_VERSIONS = 20


@dataclass(frozen=True)
class Outlook:
    """The rule of a download, and the versions that its next run deletes.

    Attributes:
        versions: The first of them, the oldest first.
        count: The number of all of them.
    """

    rule: RetentionRule
    versions: list[Version]
    count: int


def outlook_of(download: Download) -> Outlook | None:
    """Return the outlook, or None if no rule applies to the download. A hub without rules costs one query."""
    if not RetentionRule.objects.exists():
        return None
    rule = RuleBook().rule_for(download)
    if rule is None or not rule.is_active:
        return None
    versions = selected_versions(rule, download)
    return Outlook(rule, versions[:SHOWN_VERSIONS], len(versions))
