"""One pass over a source."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from releasehub.core.models import PublicIdModel, TimeStampedModel
from releasehub.importing.models.source import ImportSource


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def newest_of(self, sources: Iterable[ImportSource]) -> ImportRunQuerySet:
        """Return the newest run of each source."""
        newest = self.filter(source__in=list(sources)).order_by().values("source").annotate(newest=models.Max("pk"))
        return self.filter(pk__in=newest.values("newest"))


class ImportRun(PublicIdModel, TimeStampedModel):
    """One pass over a source: it lists all releases, then imports those that are missing here, the oldest first.

    A run may be interrupted anywhere. The worker that continues it begins with the first release that is not complete.

    Attributes:
        is_dry_run: The run ends after the list, and imports nothing.
        listed_at: When the list was complete.
        not_before: When a waiting run continues.
        lease_until: Until when the worker that holds `lease_token` continues the run.
        cancel_requested_at: When a person asked to stop the run. The worker stops at the next part of a file.
        interruptions: How often in a row the run was interrupted without any progress.
        message: Why the run waits or has failed, or what to know about its list.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Canceled")

    source = models.ForeignKey(ImportSource, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    is_dry_run = models.BooleanField("dry run", default=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    listed_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    not_before = models.DateTimeField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(null=True, editable=False)
    interruptions = models.PositiveSmallIntegerField(default=0, editable=False)
    message = models.CharField(max_length=1000, blank=True, editable=False)
    listed_count = models.PositiveIntegerField(default=0, editable=False)
    created_count = models.PositiveIntegerField(default=0, editable=False)
    updated_count = models.PositiveIntegerField(default=0, editable=False)
    failed_count = models.PositiveIntegerField(default=0, editable=False)
    fetched_count = models.PositiveIntegerField(default=0, editable=False)
    fetched_bytes = models.PositiveBigIntegerField(default=0, editable=False)

    objects = models.Manager.from_queryset(ImportRunQuerySet)()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "waiting", "done", "failed", "canceled"]),
                name="import_run_state",
            ),
            models.UniqueConstraint(
                fields=["source"], condition=Q(finished_at__isnull=True), name="import_one_run_at_once"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "-id"], name="import_runs_of_source"),
            models.Index(fields=["id"], name="import_run_open", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"import of {self.source_id} of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def done_count(self) -> int:
        return self.created_count + self.updated_count + self.failed_count
