"""The list of everything that waits: one query for each page, and a fixed number for the details of its rows."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.db.models import CharField, F, QuerySet, Value
from django.utils import timezone

from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied
from releasehub.moderation.kinds import WAITING
from releasehub.moderation.models import Assignment, Kind

UNASSIGNED = "none"
COLUMNS = ("subject", "pk", "since")


@dataclass(frozen=True)
class QueueFilter:
    """Criteria for the queue. An empty one selects everything.

    Attributes:
        days: Only what has waited for at least this many days.
        assignee: The primary key of a moderator, or `UNASSIGNED`.
    """

    kind: str = ""
    days: int = 0
    assignee: str = ""


def ensure_moderator(actor: Actor) -> None:
    """Check that the actor may see and work on the queue."""
    if not download_policy.is_moderator(actor):
        raise Denied


def waiting_rows(actor: Actor, wanted: QueueFilter = QueueFilter()) -> QuerySet[Any]:
    """Return the rows that wait as dictionaries with COLUMNS. The rows that have waited longest come first."""
    ensure_moderator(actor)
    kinds = [kind for kind in Kind if wanted.kind in {"", kind}]
    first, *others = [_of_kind(kind, wanted) for kind in kinds]
    return first.union(*others, all=True).order_by("since", "subject", "pk")


def count_waiting(actor: Actor) -> dict[Kind, int]:
    """Return the number of rows of each kind."""
    ensure_moderator(actor)
    return {kind: waiting.rows().count() for kind, waiting in WAITING.items()}


def _of_kind(kind: Kind, wanted: QueueFilter) -> QuerySet[Any]:
    waiting = WAITING[kind]
    since: Any = F(waiting.since)
    rows = waiting.rows().order_by().annotate(subject=Value(kind.value, CharField()), since=since)
    if wanted.days:
        rows = rows.filter(since__lte=timezone.now() - timedelta(days=wanted.days))
    # Only a filter needs the assignments of all rows. `load_items` reads those of one page.
    assigned = Assignment.objects.filter(kind=kind)
    if wanted.assignee == UNASSIGNED:
        rows = rows.exclude(pk__in=assigned.values("object_id"))
    elif wanted.assignee.isdecimal():
        rows = rows.filter(pk__in=assigned.filter(assignee=int(wanted.assignee)).values("object_id"))
    return cast("QuerySet[Any]", rows.values(*COLUMNS))
