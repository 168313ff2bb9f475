"""Create, change, delete and preview retention rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from downloads.models import Category, Download
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid
from releasehub.core.locks import lock_row
from releasehub.publishing.erasure_preview import ErasurePreview, preview_ids
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.policies import retention_policy
from releasehub.publishing.retention.selection import VERSIONS_AT_ONCE, RuleBook, select_versions

CONDITIONS = ("keep_newest", "line_parts", "min_age_days", "idle_days", "is_active")
DOWNLOADS_AT_ONCE = 500
# A page examines about as many downloads and versions, which takes some seconds of CPU time.
MAX_PREVIEWED_VERSIONS = 100_000


@transaction.atomic
def create_rule(
    *, actor: Actor, category: Category | None = None, download: Download | None = None, **conditions: Any
) -> RetentionRule:
    """Create the rule of a category or of a download.

    Raises:
        Invalid: Both or neither target is given, or a number is out of range.
        Conflict: The target has a rule already.
    """
    if not retention_policy.can_create(actor):
        raise Denied
    rule = draft_rule(category=category, download=download, **conditions)
    if RetentionRule.objects.filter(category=category, download=download).exists():
        raise Conflict(ErrorCode.CONFLICT, "This download or category has a retention rule already. Change that one.")
    rule.created_by = actor.user
    rule.save()
    changes = {name: [None, getattr(rule, name)] for name in CONDITIONS}
    audit.record(actor=actor, action=AuditAction.RETENTION_RULE_CREATE, target=rule, changes=changes)
    return rule


@transaction.atomic
def update_rule(*, actor: Actor, rule: RetentionRule, **conditions: Any) -> RetentionRule:
    """Change the conditions of a rule. Its target stays.

    Raises:
        Invalid: A number is out of range.
    """
    retention_policy.ensure("edit", actor, rule)
    rule = lock_row(rule)
    changes = audit.changed_fields(rule, conditions)
    assign(rule, conditions)
    if changes:
        rule.save()
        audit.record(actor=actor, action=AuditAction.RETENTION_RULE_UPDATE, target=rule, changes=changes)
    return rule


@transaction.atomic
def delete_rule(*, actor: Actor, rule: RetentionRule) -> None:
    """Delete a rule. Versions that it has deleted can be restored until they are purged."""
    retention_policy.ensure("delete", actor, rule)
    rule = lock_row(rule)
    changes = {name: [getattr(rule, name), None] for name in CONDITIONS}
    audit.record(actor=actor, action=AuditAction.RETENTION_RULE_DELETE, target=rule, changes=changes)
    rule.delete()


def draft_rule(
    *, category: Category | None = None, download: Download | None = None, **conditions: Any
) -> RetentionRule:
    """Return a rule that is not saved, for its preview.

    Raises:
        Invalid: Both or neither target is given, or a number is out of range.
    """
    if (category is None) == (download is None):
        raise Invalid("Choose either a category or a download.", field="category")
    rule = RetentionRule(category=category, download=download)
    assign(rule, conditions)
    return rule


@dataclass(frozen=True)
class RulePreview:
    """The versions that a rule would delete now.

    Attributes:
        deletion: The rows, bytes and links. The bytes leave the storage when the versions are purged.
        download_count: The number of downloads that the rule applies to, as far as they were examined.
        is_partial: Whether there are more downloads than a preview examines.
    """

    deletion: ErasurePreview
    download_count: int
    is_partial: bool


def preview_rule(
    rule: RetentionRule,
    *,
    max_versions: int | None = MAX_PREVIEWED_VERSIONS,
    report: Callable[[int, int], None] = lambda downloads, versions: None,
) -> RulePreview:
    """Return what the rule deletes with its next run. It need not be saved.

    Args:
        max_versions: The preview ends after about as many downloads and versions. None examines all of them.
        report: Is called with the numbers of downloads and versions that were examined so far.
    """
    ids: list[int] = []
    downloads = versions = 0
    is_partial = False
    for batch in _batches(RuleBook(instead=rule).downloads_of(rule)):
        if is_partial := max_versions is not None and downloads + versions >= max_versions:
            break
        ids += select_versions(rule, batch)
        downloads, versions = downloads + len(batch), versions + sum(row.version_count for row in batch)
        report(downloads, versions)
    return RulePreview(preview_ids(ids), downloads, is_partial)


def _batches(downloads: Iterator[Download]) -> Iterator[list[Download]]:
    """Yield groups of downloads: small ones together, to save queries, and large ones alone."""
    batch: list[Download] = []
    for download in downloads:
        batch.append(download)
        if len(batch) == DOWNLOADS_AT_ONCE or sum(row.version_count for row in batch) >= VERSIONS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
