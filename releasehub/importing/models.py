"""Sources of releases, the runs that import them, and what became of each release and file."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from files.models import File, UploadSession
from releasehub.core.models import PublicIdModel, TimeStampedModel
from releasehub.importing.sources.registry import KINDS
from versions.channels import MAX_CHANNEL_CHARACTERS
from versions.models import Version

MAX_KEY_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 255
MAX_REASON_CHARACTERS = 500
MAX_PAGE_URL_CHARACTERS = 1000
MAX_URL_CHARACTERS = 4000
# Further fields of versions and files that a source may state.
VERSION_FIELDS = ("changelog", "changelog_url", "end_of_support", "platforms", "source_hash", "visibility")
FILE_FIELDS = ("display_order", "is_primary", "is_secured", "kind")


class ImportSource(PublicIdModel, TimeStampedModel):
    """A place whose releases are imported into a download, once or on a schedule.

    Attributes:
        kind: The name of a kind of source; see `sources/registry.py`.
        address: What is imported, such as `owner/repository`.
        options: Further settings of the kind.
        sealed_token: The encrypted secret for the source, or an empty string.
        created_by: The user on whose rights every run depends.
        runs_as_system: The source was added by a command without a user, so its runs need no rights.
        newest_only: Only this many of the newest releases are imported; null imports all.
        sync_hours: The hours between two runs of the schedule; 0 is no schedule.
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
        listed_count: The releases that the source has listed.
        fetched_bytes: The bytes that were fetched.
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


class ImportedRelease(models.Model):
    """A release of a source, as it was last listed, and the version that it became.

    Attributes:
        key: What identifies the release at its source.
        last_run: The last run that has listed the release.
        position: The place in that list; the newest release has 0.
        made_at: When the release was made at its source.
        published_at: When it was published at its source. The version has the date of its publication here.
        yank_reason: Why it was yanked at its source; null if it was not.
        is_archived: Whether it is archived at its source.
        fields: Further fields of its version, those of VERSION_FIELDS.
        decision: What the last list led to.
        outcome: What became of a decision to create or to update; empty while it is still to be done.
        reason: Why the release is skipped, in conflict, not valid, or has failed.
        written_digest: The digest of the title and notes that the import wrote into the version last, so that it does
            not replace what people have changed here. It is empty if the version was not made by the import.
        written_channel: The channel that the import wrote last, for the same purpose.
        written_yank: The reason with which the import has yanked the version, so that it takes back no yank of others;
            null if it has not.
    """

    class Decision(models.TextChoices):
        CREATE = "create", _("To be created")
        UPDATE = "update", _("To be updated")
        PRESENT = "present", _("Present")
        SKIP = "skip", _("Skipped")
        CONFLICT = "conflict", _("In conflict")
        INVALID = "invalid", _("Not valid")
        REMOVED = "removed", _("Removed there")

    class Outcome(models.TextChoices):
        PENDING = "", _("To do")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    source = models.ForeignKey(ImportSource, on_delete=models.CASCADE, related_name="releases")
    key = models.CharField(max_length=MAX_KEY_CHARACTERS)
    last_run = models.ForeignKey(ImportRun, null=True, on_delete=models.SET_NULL, related_name="releases")
    position = models.PositiveIntegerField(default=0)
    version = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.SET_NULL, related_name="imported_releases"
    )
    tag = models.CharField(max_length=MAX_TEXT_CHARACTERS, blank=True)
    number = models.CharField(max_length=MAX_TEXT_CHARACTERS, blank=True)
    title = models.CharField(max_length=MAX_TEXT_CHARACTERS, blank=True)
    notes = models.TextField(blank=True)
    channel = models.CharField(max_length=MAX_CHANNEL_CHARACTERS, blank=True)
    is_prerelease = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    made_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    author = models.CharField(max_length=MAX_TEXT_CHARACTERS, blank=True)
    page_url = models.CharField(max_length=MAX_PAGE_URL_CHARACTERS, blank=True)
    commitish = models.CharField(max_length=MAX_TEXT_CHARACTERS, blank=True)
    yank_reason = models.CharField(max_length=MAX_REASON_CHARACTERS, null=True, blank=True)  # noqa: DJ001
    is_archived = models.BooleanField(default=False)
    fields = models.JSONField(default=dict)
    decision = models.CharField(max_length=10, choices=Decision.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=MAX_REASON_CHARACTERS, blank=True)
    written_digest = models.CharField(max_length=64, blank=True)
    written_channel = models.CharField(max_length=MAX_CHANNEL_CHARACTERS, blank=True)
    written_yank = models.CharField(max_length=MAX_REASON_CHARACTERS, null=True, blank=True)  # noqa: DJ001

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="imported_release_once")]
        indexes = [
            models.Index(fields=["source", "position", "id"], name="imported_release_order"),
            models.Index(fields=["last_run", "-position"], name="imported_release_to_do"),
        ]

    def __str__(self) -> str:
        return self.tag or self.number

    @property
    def is_imported(self) -> bool:
        """Return whether the last run has created or updated the version."""
        is_change = self.decision in {self.Decision.CREATE, self.Decision.UPDATE}
        return is_change and self.outcome == self.Outcome.DONE


class ImportedFile(models.Model):
    """A file of a release of a source, as it was last listed, and the file that it became.

    Attributes:
        key: What identifies the file at its source.
        url: Where the source says that the bytes are.
        size_bytes: The size that the source states; null if it states none.
        digest: The checksum that the source states, such as `sha256:…`, or an empty string.
        fields: Further fields of the file, those of FILE_FIELDS.
        sends_token: Whether the request for the bytes carries the token of the source.
        etag: What identifies the bytes while they are fetched, if the source states no checksum.
        upload: The upload that holds the bytes until the version is published.
        file: The file of this hub.
        decision: What the last list led to.
        is_listed: Whether the last list had the file.
    """

    class Decision(models.TextChoices):
        CREATE = "create", _("To be created")
        PRESENT = "present", _("Present")
        CONFLICT = "conflict", _("In conflict")

    release = models.ForeignKey(ImportedRelease, on_delete=models.CASCADE, related_name="assets")
    key = models.CharField(max_length=MAX_KEY_CHARACTERS)
    name = models.CharField(max_length=MAX_TEXT_CHARACTERS)
    url = models.CharField(max_length=MAX_URL_CHARACTERS)
    size_bytes = models.PositiveBigIntegerField(null=True)
    digest = models.CharField(max_length=140, blank=True)
    label = models.CharField(max_length=200, blank=True)
    platform = models.CharField(max_length=50, blank=True)
    architecture = models.CharField(max_length=50, blank=True)
    fields = models.JSONField(default=dict)
    download_count = models.PositiveBigIntegerField(default=0)
    sends_token = models.BooleanField(default=False)
    etag = models.CharField(max_length=200, blank=True)
    upload = models.ForeignKey(UploadSession, null=True, on_delete=models.SET_NULL, related_name="imported_files")
    file = models.ForeignKey(File, null=True, on_delete=models.SET_NULL, related_name="imported_files")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    reason = models.CharField(max_length=MAX_REASON_CHARACTERS, blank=True)
    is_listed = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["release", "name"], name="imported_file_once")]

    def __str__(self) -> str:
        return self.name
