"""The sources of the entries of a timeline. Each source is read by an index, a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any

from django.db.models import F, Model, Q, QuerySet, Sum

from downloads.models import Download
from files.models import DownloadDay, File
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.moderation.models import Verdict
from releasehub.webhooks.models import Delivery, Endpoint, Event
from releasehub.webhooks.querysets import endpoints_readable_in_admin
from versions.models import Version

SUBJECTS: dict[str, type[Model]] = {
    model._meta.model_name or "": model for model in (Download, Version, File, User, Endpoint)
}
PATHS_TO_DAYS = {"download": "file__version__download", "version": "file__version", "file": "file"}


class Source(StrEnum):
    AUDIT = "audit"
    EVENT = "event"
    DELIVERY = "delivery"
    DECISION = "decision"
    DOWNLOADS = "downloads"


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a timeline.

    Attributes:
        key: The position in its source: a primary key, or a day as its ordinal number.
        row: The row that the line links to; None for a day with downloads.
    """

    source: Source
    key: int
    moment: datetime
    row: Any = None
    count: int = 0


def read(actor: Actor, source: Source, subject: Model, below: int | None, limit: int) -> list[TimelineEntry]:
    """Return up to `limit` entries of one source with a key below the given one, the newest first."""
    if source == Source.DOWNLOADS:
        return _days(subject, below, limit)
    rows = _deliveries(actor, subject) if source == Source.DELIVERY else _ROWS[source](subject)
    if rows is None:
        return []
    rows = rows if below is None else rows.filter(pk__lt=below)
    field = _MOMENTS[source]
    return [TimelineEntry(source, row.pk, getattr(row, field), row) for row in rows.order_by("-pk")[:limit]]


def _name(subject: Model) -> str:
    return subject._meta.model_name or ""


def _audit_rows(subject: Model) -> QuerySet[Any]:
    """Return the rows about the object, and for a user also those of what the user did."""
    about = Q(target_type=_name(subject), target_id=subject.pk)
    return AuditEntry.objects.filter(about | Q(actor_id=subject.pk) if isinstance(subject, User) else about)


def _events(subject: Model) -> QuerySet[Any] | None:
    """Return the events of the object, and for a download those of everything in it."""
    if isinstance(subject, User | Endpoint):
        return None
    if isinstance(subject, Download):
        return Event.objects.filter(download_id=subject.pk)
    return Event.objects.filter(object_type=_name(subject), object_id=subject.pk)


def _deliveries(actor: Actor, subject: Model) -> QuerySet[Any] | None:
    """Return the deliveries to endpoints that the actor may read, because the URL of an endpoint may be a secret."""
    rows = Delivery.objects.select_related("endpoint", "event")
    rows = rows.filter(endpoint__in=endpoints_readable_in_admin(actor).order_by())
    if isinstance(subject, Endpoint):
        return rows.filter(endpoint=subject)
    events = _events(subject)
    return None if events is None else rows.filter(event__in=events.order_by())


def _decisions(subject: Model) -> QuerySet[Any] | None:
    if isinstance(subject, Endpoint):
        return None
    rows = Verdict.objects.select_related("moderator")
    if isinstance(subject, User):
        return rows.filter(moderator=subject)
    return rows.filter(kind=_name(subject), object_id=subject.pk)


_ROWS: dict[Source, Callable[[Model], QuerySet[Any] | None]] = {
    Source.AUDIT: _audit_rows,
    Source.EVENT: _events,
    Source.DECISION: _decisions,
}
_MOMENTS = {
    Source.AUDIT: "created_at",
    Source.EVENT: "occurred_at",
    Source.DELIVERY: "created_at",
    Source.DECISION: "created_at",
}


def _days(subject: Model, below: int | None, limit: int) -> list[TimelineEntry]:
    """Return the days with downloads. A day stands above everything else that happened on it."""
    path = PATHS_TO_DAYS.get(_name(subject))
    if path is None:
        return []
    rows = DownloadDay.objects.filter(**{path: subject.pk}).order_by()
    if below is not None:
        rows = rows.filter(day__lt=datetime.fromordinal(below).date())
    sums = rows.values("day").annotate(count=Sum(F("downloads") + F("bot_downloads"))).order_by("-day")[:limit]
    return [
        TimelineEntry(Source.DOWNLOADS, row["day"].toordinal(), _end_of(row["day"]), count=row["count"]) for row in sums
    ]


def _end_of(day: Any) -> datetime:
    return datetime.combine(day, time.max, tzinfo=UTC)
