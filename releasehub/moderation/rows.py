"""Load what a page of the queue shows, with a number of queries that does not depend on the number of rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from files.models import File
from releasehub.accounts.models import User
from releasehub.moderation.diffs import VersionDiff, diff_versions
from releasehub.moderation.kinds import WAITING, Waiting, stamp_of
from releasehub.moderation.models import Assignment, Kind
from versions.facts import RELEASED
from versions.models import Version


@dataclass
class QueueItem:
    """A row of the queue.

    Attributes:
        diff: The difference from the version before; only for versions.
        findings: What the inspection and the scanner found in the files that the decision is about.
    """

    kind: Kind
    target: Any
    since: datetime
    assignee: User | None
    files: list[File] = field(default_factory=list)
    diff: VersionDiff | None = None
    findings: list[tuple[File, dict[str, str]]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return the name of the row in forms and URLs."""
        return f"{self.kind}-{self.target.pk}"

    @property
    def seen_key(self) -> str:
        """Return the key with the state in which the moderator sees the row."""
        return f"{self.key}@{stamp_of(self.target, self.files)}"

    @property
    def waiting(self) -> Waiting:
        return WAITING[self.kind]


def load_items(rows: Iterable[dict[str, Any]]) -> list[QueueItem]:
    """Return the items of rows of `waiting_rows`. A row that was decided in the meantime is left out."""
    rows = list(rows)
    ids: dict[Kind, list[int]] = defaultdict(list)
    for row in rows:
        ids[Kind(row["subject"])].append(row["pk"])
    targets = {kind: WAITING[kind].load(pks) for kind, pks in ids.items()}
    people = _assignees(ids)
    items = [
        QueueItem(Kind(row["subject"]), target, row["since"], people.get((row["subject"], row["pk"])))
        for row in rows
        if (target := targets[Kind(row["subject"])].get(row["pk"])) is not None
    ]
    _add_findings_of_files([item for item in items if item.kind == Kind.FILE])
    _add_diffs([item for item in items if item.kind == Kind.VERSION])
    return items


def _assignees(ids: dict[Kind, list[int]]) -> dict[tuple[str, int], User]:
    """Return the moderators to whom the rows are assigned, by kind and primary key."""
    wanted = [Q(kind=kind, object_id__in=pks) for kind, pks in ids.items()]
    rows = Assignment.objects.filter(reduce(or_, wanted, Q(pk=None))).select_related("assignee")
    return {(row.kind, row.object_id): row.assignee for row in rows}


def _add_findings_of_files(items: Sequence[QueueItem]) -> None:
    for item in items:
        item.findings = [(item.target, finding) for finding in item.target.findings]


def _add_diffs(items: Sequence[QueueItem]) -> None:
    """Set the differences from the previous versions, and the findings of the files, with three queries."""
    if not items:
        return
    versions: dict[int, Version] = {item.target.pk: item.target for item in items}
    previous = previous_versions(list(versions))
    files = files_by_version({**{row.pk: row for row in previous.values()}, **versions})
    for item in items:
        version: Version = item.target
        item.files = files.get(version.pk, [])
        item.diff = diff_versions(previous.get(version.pk), version, files)
        item.findings = [(file, finding) for file in item.files for finding in file.findings]


def previous_versions(ids: list[int]) -> dict[int, Version]:
    """Return for each version the released one with the next lower number in the same download, if there is one."""
    lower = Version.objects.filter(
        download=OuterRef("download"), sort_key__lt=OuterRef("sort_key"), state__in=RELEASED
    ).order_by("-sort_key", "-id")
    rows = Version.all_objects.filter(pk__in=ids).annotate(previous=Subquery(lower.values("pk")[:1]))
    previous = dict(rows.order_by().values_list("pk", "previous"))
    loaded = Version.objects.select_related("download").in_bulk([pk for pk in previous.values() if pk])
    return {pk: loaded[other] for pk, other in previous.items() if other in loaded}


def files_by_version(versions: dict[int, Version]) -> dict[int, list[File]]:
    files: dict[int, list[File]] = defaultdict(list)
    for file in File.objects.filter(version__in=list(versions)).select_related("blob").order_by("folded_name"):
        file.version = versions[file.version_id]
        files[file.version_id].append(file)
    return files
