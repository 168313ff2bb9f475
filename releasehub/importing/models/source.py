"""A place whose releases are imported."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.core.models import PublicIdModel, TimeStampedModel
from releasehub.importing.sources.registry import KINDS


class ImportSource(PublicIdModel, TimeStampedModel):
    """A place whose releases are imported into a download, once or on a schedule.

    Attributes:
        kind: The name of a kind of source; see `sources/registry.py`.
        address: What is imported, such as `owner/repository`.
        sealed_token: The encrypted secret for the source, or an empty string.
        created_by: The user on whose rights every run depends.
        runs_as_system: The source was added by a command without a user, so its runs need no rights.
        newest_only: Only this many of the newest releases are imported; null imports all.
        sync_hours: The hours between two runs of the schedule, or 0 for no schedule.
        next_sync_at: When the schedule starts the next run; null while it is off or paused.
    """

    class WhenRemoved(models.TextChoices):
        KEEP = "keep", _("Keep its version")
        YANK = "yank", _("Yank its version")

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="import_sources")
    kind = models.CharField(max_length=30)
    address = models.CharField(max_length=500)
    api_url = models.CharField("URL of the API", max_length=500, blank=True)
    options = models.JSONField(default=dict, blank=True)
    sealed_token = models.TextField(blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    runs_as_system = models.BooleanField(default=False, editable=False)
    has_prereleases = models.BooleanField("with pre-releases", default=True)
    has_drafts = models.BooleanField("with drafts", default=False)
    newest_only = models.PositiveIntegerField("newest releases only", null=True, blank=True)
    when_removed = models.CharField(
        "if a release is removed there", max_length=10, choices=WhenRemoved.choices, default=WhenRemoved.KEEP
    )
    sync_hours = models.PositiveSmallIntegerField("hours between synchronizations", default=0)
    next_sync_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "import"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["download", "kind", "address", "api_url"], name="import_source_once"),
            models.CheckConstraint(condition=Q(when_removed__in=["keep", "yank"]), name="import_when_removed"),
        ]
        indexes = [
            models.Index(fields=["next_sync_at"], name="import_source_due", condition=Q(next_sync_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"

    @property
    def kind_label(self) -> str:
        return gettext(KINDS[self.kind].label) if self.kind in KINDS else self.kind

    @property
    def has_token(self) -> bool:
        return bool(self.sealed_token)
