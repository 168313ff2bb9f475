"""The tiles of the dashboard. Each is shown only to staff who may open the rows behind it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Min
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from files.hub_days import DayFigures
from files.models import File
from releasehub import __version__
from releasehub.audit.state import chain_state
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.moderation.views import may_moderate
from releasehub.backoffice.navigation import may_open
from releasehub.backoffice.timeline.views import may_audit
from releasehub.community.models import Report
from releasehub.core.readiness import is_migrated
from releasehub.moderation.models import Kind
from releasehub.moderation.queue import count_waiting
from releasehub.operations.records import last_backup, last_failure
from releasehub.webhooks.metrics import webhook_metrics
from releasehub.webhooks.querysets import endpoints_readable_in_admin

READ_OPERATIONS = "operations.view_backuprun"
OLD_BACKUP = timedelta(days=2)
LATE = timedelta(minutes=15)  # long after every schedule of the workers
MIGRATED_SECONDS = 60  # reading the migrations from disk takes a tenth of a second
GOOD, WARNING, BAD = "good", "warning", "bad"


@dataclass(frozen=True)
class Tile:
    """A figure with a link to the rows behind it. `level` says whether somebody has to act."""

    title: str
    value: str
    detail: str = ""
    url: str = ""
    level: str = ""


def tiles_for(request: HttpRequest, days: list[DayFigures]) -> list[Tile]:
    """Return the tiles that the user may see. The number of queries does not depend on the number of rows."""
    makers: tuple[tuple[Callable[[HttpRequest], bool], Callable[[HttpRequest], Iterator[Tile]]], ...] = (
        (may_moderate, _waiting),
        (lambda request: may_open(request, "community_report"), _reports),
        (lambda request: may_open(request, "files_blob"), lambda request: _storage(days)),
        (lambda request: may_open(request, "webhooks_endpoint"), _endpoints),
        (may_operate, _queues),
        (may_audit, _audit_chain),
        (may_operate, _backup),
        (may_operate, _release),
    )
    return [tile for may_see, make in makers if may_see(request) for tile in make(request)]


def may_operate(request: HttpRequest) -> bool:
    """Return whether the user may see the state of the hub itself: its queues, backups and upgrades."""
    return admin_actor(request).has_permission(READ_OPERATIONS)


def _waiting(request: HttpRequest) -> Iterator[Tile]:
    counts = count_waiting(admin_actor(request))
    del counts[Kind.REPORT]  # they have a tile of their own, which more people see
    parts = [f"{number} {kind.label.lower()}{'' if number == 1 else 's'}" for kind, number in counts.items() if number]
    total = sum(counts.values())
    url = reverse("admin:moderation")
    yield Tile("Waiting for a moderator", str(total), ", ".join(parts) or "nothing", url, WARNING if total else GOOD)


def _reports(request: HttpRequest) -> Iterator[Tile]:
    reports = Report.objects.visible_to(admin_actor(request)).open()
    number = reports.count()
    url = reverse("admin:community_report_changelist")
    yield Tile("Open reports", str(number), "from visitors", url, WARNING if number else GOOD)


def _storage(days: list[DayFigures]) -> Iterator[Tile]:
    measured = [figures for figures in days if figures.stored_bytes is not None]
    if not measured:
        yield Tile("Storage used", "unknown", "not measured yet", reverse("admin:files_blob_changelist"))
        return
    first, last = measured[0], measured[-1]
    growth = (last.stored_bytes or 0) - (first.stored_bytes or 0)
    since = (last.day - first.day).days
    detail = f"{last.stored_count} stored objects"
    if since:
        change = "more" if growth >= 0 else "less"
        detail += f", {filesizeformat(abs(growth))} {change} than {since} day{'' if since == 1 else 's'} before"
    yield Tile("Storage used", filesizeformat(last.stored_bytes or 0), detail, reverse("admin:files_blob_changelist"))


def _endpoints(request: HttpRequest) -> Iterator[Tile]:
    rows = endpoints_readable_in_admin(admin_actor(request)).filter(disabled_at=None, is_active=True)
    number = rows.filter(failing_since__isnull=False).count()
    criteria = "?failing_since__isnull=0&is_active__exact=1&disabled_at__isempty=1"
    url = reverse("admin:webhooks_endpoint_changelist") + criteria
    yield Tile("Failing endpoints", str(number), "webhook receivers", url, BAD if number else GOOD)


def _queues(request: HttpRequest) -> Iterator[Tile]:
    metrics = webhook_metrics()
    age = timedelta(seconds=metrics["oldest_seconds"])
    detail = f"oldest for {_short(age)}" if metrics["queue_depth"] else "nothing waits"
    url = reverse("admin:webhooks_delivery_changelist") + "?state__exact=pending"
    level = WARNING if age > LATE else GOOD
    yield Tile("Deliveries in the queue", str(metrics["queue_depth"]), detail, url, level)
    pending = File.objects.filter(validation_status=File.Validation.PENDING)
    oldest = pending.aggregate(oldest=Min("created_at"))["oldest"]
    age = timezone.now() - oldest if oldest else timedelta()
    url = reverse("admin:files_file_changelist") + "?validation_status__exact=pending"
    value = _short(age) if oldest else "none"
    yield Tile("Files being checked", value, "age of the oldest" if oldest else "nothing waits", url,
               WARNING if age > LATE else GOOD)  # fmt: skip


def _audit_chain(request: HttpRequest) -> Iterator[Tile]:
    state = chain_state()
    url = reverse("admin:audit_auditentry_changelist")
    waiting = f"{state.waiting} row{'' if state.waiting == 1 else 's'} not chained yet"
    if not state.is_intact:
        detail = f"position {state.position} is not in the chain any more: run verify_audit"
        yield Tile("Audit chain", "broken", detail, url, BAD)
        return
    is_late = state.waiting_since is not None and timezone.now() - state.waiting_since > LATE
    signed = f"signed at position {state.position} {_ago(state.signed_at)}" if state.signed_at else "not signed yet"
    value, level = ("late", WARNING) if is_late else ("intact", GOOD)
    yield Tile("Audit chain", value, f"{signed}, {waiting}", url, level)


def _backup(request: HttpRequest) -> Iterator[Tile]:
    backup, failure = last_backup(), last_failure()
    url = reverse("admin:operations_backuprun_changelist")
    if failure is not None:
        yield Tile("Last backup", "failed", f"{_ago(failure.finished_at)}: {failure.error}"[:200], url, BAD)
    elif backup is None:
        yield Tile("Last backup", "never", "run manage.py backup", url, WARNING)
    else:
        is_old = timezone.now() - backup.finished_at > OLD_BACKUP
        verified = f"verified {_ago(backup.verified_at)}" if backup.verified_at else "not verified"
        detail = f"{filesizeformat(backup.size_bytes)}, {verified}"
        yield Tile("Last backup", _ago(backup.finished_at), detail, url, WARNING if is_old else GOOD)


def _release(request: HttpRequest) -> Iterator[Tile]:
    migrated = cache.get_or_set(f"dashboard:migrated:{__version__}", is_migrated, MIGRATED_SECONDS)
    detail = "all migrations are applied" if migrated else "migrations are missing: run manage.py migrate"
    yield Tile("Release", __version__, detail, level=GOOD if migrated else BAD)


def _ago(moment: datetime | None) -> str:
    return f"{timesince(moment, depth=1)} ago" if moment else ""


def _short(age: timedelta) -> str:
    return timesince(timezone.now() - age, depth=1)
