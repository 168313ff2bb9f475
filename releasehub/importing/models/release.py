"""A release of a source with its files, and what became of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from files.models import File, UploadSession
from releasehub.importing.models.run import ImportRun
from releasehub.importing.models.source import ImportSource
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


class ImportedRelease(models.Model):
    """A release of a source, as it was last listed, and the version that it became.

    Attributes:
        key: What identifies the release at its source.
        last_run: The last run that has listed the release.
        position: The place in that list; the newest release has 0.
        made_at: When the release was made at its source.
        published_at: When it was published at its source. The version has the date of its publication here.
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
