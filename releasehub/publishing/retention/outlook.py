"""The retention rule of a download and the versions that it deletes next, as authors see them."""

from dataclasses import dataclass

from downloads.models import Download
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.selection import RuleBook, select_versions
from versions.models import Version

SHOWN_VERSIONS = 20
# The page of a download with more versions does not say which of them are deleted, because that means to read them all.
MAX_EXAMINED_VERSIONS = 10_000


@dataclass(frozen=True)
class Outlook:
    """The rule of a download, and the versions that its next run deletes.

    Attributes:
        versions: The first of them, the oldest first.
        count: The number of all of them, or None if the download has too many versions to examine.
    """

    rule: RetentionRule
    versions: list[Version]
    count: int | None


def outlook_of(download: Download) -> Outlook | None:
    """Return the outlook, or None if no rule applies to the download. A hub without rules costs one query."""
    if not RetentionRule.objects.exists():
        return None
    rule = RuleBook().rule_for(download)
    if rule is None or not rule.is_active:
        return None
    if download.version_count > MAX_EXAMINED_VERSIONS:
        return Outlook(rule, [], None)
    ids = select_versions(rule, [download])
    shown = Version.objects.in_bulk(ids[:SHOWN_VERSIONS])
    return Outlook(rule, [shown[pk] for pk in ids if pk in shown], len(ids))
