"""The `/metrics` endpoint for Prometheus: pending and failed work, and whether the background tasks run.

The values come from the database, so any web process can report them for the whole hub.
"""

import ipaddress
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from files.models import Blob, DownloadGrant, File, UploadSession
from releasehub.audit.models import AuditEntry
from releasehub.core.cluster.replica_health import health
from releasehub.core.requests import address_of
from releasehub.operations.records import last_backup
from releasehub.server.checks import existing_parent
from releasehub.server.task_runs import last_runs
from releasehub.webhooks.metrics import webhook_metrics

REFUSAL = (
    "Metrics require a token. Send RELEASEHUB_METRICS_TOKEN as a bearer token, or send the request "
    "from the machine of the hub."
)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to clients on this machine or with RELEASEHUB_METRICS_TOKEN as bearer token."""
    if not _may_read(request):
        return HttpResponseForbidden(f"{REFUSAL}\n", content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(HubCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class HubCollector(Collector):
    """A collector that runs a handful of indexed queries per scrape. It never counts the rows of a whole table."""

    def collect(self) -> Iterator[Metric]:
        yield from _webhooks()
        yield from _files()
        yield from _audit()
        yield from _backups()
        yield from _disk()
        yield from _replica()
        yield from _tasks()


def _webhooks() -> Iterator[Metric]:
    metrics = webhook_metrics()
    yield _gauge("webhook_queue_depth", "Pending deliveries of active endpoints", metrics["queue_depth"])
    yield _gauge("webhook_untried", "Deliveries that are due and were not attempted yet", metrics["untried"])
    yield _gauge("webhook_oldest_seconds", "Age of the oldest pending delivery", metrics["oldest_seconds"])
    attempts = GaugeMetricFamily("releasehub_webhook_attempts", "Delivery attempts in the last hour", labels=["result"])
    for result, number in metrics["attempts"].items():
        attempts.add_metric([result], number)
    yield attempts


def _files() -> Iterator[Metric]:
    open_states = [UploadSession.State.CREATED, UploadSession.State.UPLOADED]
    uploads = UploadSession.objects.filter(state__in=open_states).order_by().values_list("state").annotate(Count("pk"))
    family = GaugeMetricFamily("releasehub_uploads", "Uploads in progress", labels=["state"])
    numbers = dict(uploads)
    for state in open_states:
        family.add_metric([state], numbers.get(state, 0))
    yield family
    pending = File.objects.filter(validation_status=File.Validation.PENDING)
    yield _gauge("files_pending", "Files that are waiting for validation", pending.count())
    missing_blobs = Blob.objects.filter(state=Blob.State.MISSING)
    yield _gauge("blobs_missing", "Stored files that are missing or damaged", missing_blobs.count())
    waiting = DownloadGrant.objects.filter(is_folded=False)
    yield _gauge("downloads_uncounted", "Downloads that are not counted yet", waiting.count())


def _audit() -> Iterator[Metric]:
    unchained = AuditEntry.objects.filter(position=None).aggregate(number=Count("pk"), oldest=Min("created_at"))
    age = (timezone.now() - unchained["oldest"]).total_seconds() if unchained["oldest"] else 0.0
    yield _gauge("audit_unchained", "Audit rows that are not chained yet", unchained["number"])
    yield _gauge("audit_unchained_seconds", "Age of the oldest audit row that is not chained yet", max(age, 0.0))


def _backups() -> Iterator[Metric]:
    """Yield the time of the last backup, or nothing: an alert on a missing metric finds a hub without backups."""
    if backup := last_backup():
        yield _gauge("backup_time_seconds", "Time when the last backup was completed", backup.finished_at.timestamp())


def _disk() -> Iterator[Metric]:
    """Yield the free space. A hub with PostgreSQL and S3 may not have created its data directory."""
    free = shutil.disk_usage(existing_parent(Path(settings.DATA_DIR))).free
    yield _gauge("disk_free_bytes", "Free space of the data directory", free)


def _replica() -> Iterator[Metric]:
    """Yield the state of the replica as the process that answers knows it. Without a replica there is none."""
    if settings.USE_REPLICA:
        yield _gauge("replica_usable", "1 if anonymous visitors read from the replica", health.is_usable())
        yield _gauge("replica_lag_seconds", "How far the replica may be behind the primary, at most", health.lag)


def _tasks() -> Iterator[Metric]:
    schedule: list[dict[str, Any]] = list(settings.CELERY_BEAT_SCHEDULE.values())
    intervals = {str(entry["task"]): float(entry["schedule"]) for entry in schedule}
    interval = GaugeMetricFamily(
        "releasehub_task_interval_seconds", "Time between two runs of the task", labels=["task"]
    )
    for name, seconds_between in intervals.items():
        interval.add_metric([name], seconds_between)
    finished = GaugeMetricFamily(
        "releasehub_task_finished_time_seconds", "Time when the task last finished", labels=["task"]
    )
    seconds = GaugeMetricFamily("releasehub_task_seconds", "Duration of the last run of the task", labels=["task"])
    failures = CounterMetricFamily("releasehub_task_failures", "Runs of the task that failed", labels=["task"])
    for name, run in last_runs(sorted({*intervals, "webhooks.deliver"})).items():
        finished.add_metric([name], run["finished_at"])
        seconds.add_metric([name], run["seconds"])
        failures.add_metric([name], run["failures"])
    yield from (interval, finished, seconds, failures)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"releasehub_{name}", text, value=value)


def _may_read(request: HttpRequest) -> bool:
    if token := settings.METRICS_TOKEN:
        # In constant time, so that the response time does not reveal how much of a guessed token is correct.
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}")
    address = address_of(request)
    return address is not None and ipaddress.ip_address(address).is_loopback
