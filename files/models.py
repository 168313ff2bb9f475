"""The models of files: blobs, files of versions, uploads, download statistics, and reserved file names."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from downloads.models import Download
from files.querysets import BlobQuerySet, FileQuerySet
from files.storage import Incoming
from releasehub.core.models import PublicIdModel, SoftDeleteModel, TimeStampedModel
from releasehub.core.querysets import AliveManager
from versions.models import Version
from versions.numbering import MAX_NUMBER_CHARACTERS
from versions.platforms import platform_spellings

AliveFileManager = AliveManager.from_queryset(FileQuerySet)
FileManager = models.Manager.from_queryset(FileQuerySet)
BlobManager = models.Manager.from_queryset(BlobQuerySet)


class Blob(TimeStampedModel):
    """Stored bytes. There is one blob per SHA-256.

    Until `claimed_until`, the blob is not deleted although no file refers to it yet, because an upload is about to.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        STORED = "stored"
        MISSING = "missing"

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    sha512 = models.CharField("SHA-512", max_length=128, db_index=True)
    md5 = models.CharField("MD5", max_length=32)
    size_bytes = models.PositiveBigIntegerField("size (bytes)")
    mime_type = models.CharField("MIME type", max_length=100)
    storage_key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = BlobManager()

    def __str__(self) -> str:
        return f"sha256:{self.sha256[:12]}"


class File(PublicIdModel, SoftDeleteModel):
    """One artifact of a version: stored bytes, an external link, or a link with a stored copy.

    `external_sha512` is the declared digest while the link is pending, and the measured one afterwards.
    """

    class FileKind(models.TextChoices):
        PACKAGE = "package"
        LOCKFILE = "lockfile"
        SIGNATURE = "signature"
        SBOM = "sbom"
        OTHER = "other"

    class Validation(models.TextChoices):
        PENDING = "pending"
        PASSED = "passed"
        FAILED = "failed"

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="files")
    blob = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="files")
    external_url = models.URLField("external URL", max_length=2048, blank=True)
    external_type = models.CharField(max_length=100, blank=True, editable=False)
    external_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    external_sha512 = models.CharField(max_length=128, blank=True, editable=False)
    declared_checksum = models.CharField(max_length=256, blank=True, editable=False)
    wants_copy = models.BooleanField("keep a copy", default=False)
    external_reference = models.CharField(max_length=100, blank=True)
    filename = models.CharField(max_length=255)
    folded_name = models.CharField(max_length=1024, editable=False)
    display_label = models.CharField(max_length=200, blank=True)
    platform = models.CharField(max_length=50, blank=True)
    architecture = models.CharField(max_length=50, blank=True)
    kind = models.CharField(max_length=10, choices=FileKind.choices, default=FileKind.PACKAGE)
    size_bytes = models.PositiveBigIntegerField("size (bytes)", default=0, editable=False)
    is_primary = models.BooleanField("primary", default=False)
    is_primary_choice = models.BooleanField(default=False, editable=False)  # see files/primary.py
    display_order = models.PositiveIntegerField(default=0)
    is_secured = models.BooleanField("secured", default=False)
    validation_status = models.CharField(max_length=10, choices=Validation.choices, default=Validation.PENDING)
    findings = models.JSONField(default=list, blank=True, editable=False)
    accepted_at = models.DateTimeField("let through at", null=True, editable=False)  # see files/accepting.py
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="let through by",
    )
    accepted_reason = models.CharField("reason for letting it through", max_length=500, blank=True, editable=False)
    download_count = models.PositiveBigIntegerField(default=0, editable=False)

    objects = AliveFileManager()
    all_objects = FileManager()

    @property
    def warnings(self) -> list[dict[str, str]]:
        """The findings that did not keep the file from passing, or that a moderator overruled. For the team."""
        return self.findings if self.validation_status == self.Validation.PASSED else []

    @property
    def failures(self) -> list[dict[str, str]]:
        """The findings of a failed file, the reasons to refuse it first."""
        return self.findings if self.validation_status == self.Validation.FAILED else []

    class Meta:
        base_manager_name = "all_objects"
        ordering = ["-display_order", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "folded_name"], condition=Q(deleted_at__isnull=True), name="file_name_once"
            ),
            models.UniqueConstraint(
                fields=["version"], condition=Q(is_primary=True, deleted_at__isnull=True), name="file_one_primary"
            ),
            models.CheckConstraint(
                condition=Q(blob__isnull=False) | ~Q(external_url="") | ~Q(external_reference=""),
                name="file_has_source",
            ),
            models.CheckConstraint(
                condition=Q(validation_status__in=["pending", "passed", "failed"]), name="file_validation_status"
            ),
        ]
        indexes = [
            models.Index(fields=["version", "-display_order", "-id"], name="file_order"),
            models.Index(fields=["version", "-size_bytes", "-id"], name="file_by_size"),
            models.Index(fields=["version", "-download_count", "-id"], name="file_popular"),
            models.Index(fields=["-display_order", "-id"], name="file_all_order"),
            models.Index(fields=["deleted_at"], name="file_deleted", condition=Q(deleted_at__isnull=False)),
            models.Index(fields=["external_sha256"], name="file_link_sha256", condition=Q(external_sha256__gt="")),
            models.Index(fields=["external_sha512"], name="file_link_sha512", condition=Q(external_sha512__gt="")),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def download_id(self) -> int:
        return self.version.download_id

    def suits(self, platform: str) -> bool:
        """Return whether `FileQuerySet.suiting` selects the file for the platform; a test keeps both equal."""
        names = platform_spellings(platform)
        if self.platform or self.kind != self.FileKind.PACKAGE:
            return self.platform in names
        return not self.version.platforms or not set(names).isdisjoint(self.version.platforms)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the stored bytes, or the one measured behind the link; empty if it is unknown."""
        return self.blob.sha256 if self.blob else self.external_sha256

    @property
    def is_link_only(self) -> bool:
        """Return whether the bytes are stored elsewhere, so that clients are redirected to the link."""
        return self.blob_id is None


class UploadSession(PublicIdModel, TimeStampedModel):
    """An upload that a client sends directly to the storage: created -> uploaded -> confirmed | failed | expired.

    `fields` has the fields of the future file. Without a version, the bytes (`blob`) wait until they are attached.
    If `is_open_ended` is set, the size is unknown until the client declares it, and `size_bytes` is the limit.
    `final_key` is stored before the bytes are moved there, so that a crash leaves no object without a row.
    `acting` describes the actor, for the worker that acts on behalf of the uploader.
    """

    class State(models.TextChoices):
        CREATED = "created"
        UPLOADED = "uploaded"
        CONFIRMED = "confirmed"
        FAILED = "failed"
        EXPIRED = "expired"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="uploads"
    )
    acting = models.JSONField(default=dict, editable=False)
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    fields = models.JSONField(default=dict, blank=True)
    size_bytes = models.PositiveBigIntegerField("size (bytes)")
    is_open_ended = models.BooleanField(default=False, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    part_bytes = models.PositiveBigIntegerField(default=0)
    storage_key = models.CharField(max_length=200, unique=True, editable=False)
    multipart_id = models.CharField(max_length=500, blank=True, editable=False)
    final_key = models.CharField(max_length=200, blank=True, editable=False, db_index=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATED)
    error_code = models.CharField(max_length=50, blank=True, editable=False)
    error_message = models.CharField(max_length=500, blank=True, editable=False)
    last_active_at = models.DateTimeField(default=timezone.now, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    blob = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    file = models.ForeignKey(File, null=True, blank=True, on_delete=models.SET_NULL, related_name="uploads")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["created", "uploaded", "confirmed", "failed", "expired"]), name="upload_state"
            ),
        ]
        indexes = [models.Index(fields=["state", "last_active_at"], name="upload_waiting")]

    def __str__(self) -> str:
        return f"{self.filename} ({self.state})"

    @property
    def incoming(self) -> Incoming:
        return Incoming(self.storage_key, self.multipart_id, self.size_bytes, self.part_bytes, self.is_open_ended)

    @property
    def download_id(self) -> int | None:
        return self.version.download_id if self.version else None


class PackageUpload(TimeStampedModel):
    """An announced version: the values of the announcement, and the uploads of its package and lockfile.

    `confirmation` is the digest of the confirmation that created `version`. It tells a repeated confirmation from a
    different one.
    """

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="package_uploads")
    number = models.CharField(max_length=MAX_NUMBER_CHARACTERS)
    source_hash = models.CharField(max_length=128)
    base_version = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")
    is_forced = models.BooleanField(default=False)
    package = models.OneToOneField(UploadSession, on_delete=models.CASCADE, related_name="package_of")
    lockfile = models.OneToOneField(UploadSession, on_delete=models.CASCADE, related_name="lockfile_of")
    version = models.OneToOneField(Version, null=True, on_delete=models.SET_NULL, related_name="package_upload")
    confirmation = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.download} {self.number}"


class DownloadIcon(TimeStampedModel):
    """The icon of a download. `storage_path` and `content_hash` are the values that the client sent."""

    download = models.OneToOneField(Download, on_delete=models.CASCADE, related_name="stored_icon")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="icons")
    filename = models.CharField(max_length=255)
    storage_path = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=128, blank=True)

    def __str__(self) -> str:
        return f"icon of {self.download}"


class DownloadGrant(models.Model):
    """A download event: a client received the bytes of a file.

    `visitor` is a keyed hash that identifies a visitor for one day. `is_folded` marks aggregated events.
    """

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="grants")
    granted_at = models.DateTimeField(default=timezone.now)
    visitor = models.CharField(max_length=32)
    is_bot = models.BooleanField(default=False)
    is_folded = models.BooleanField(default=False)
    is_counted = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="grant_waiting", condition=Q(is_folded=False)),
            models.Index(fields=["granted_at"], name="grant_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} at {self.granted_at}"


class DownloadDay(models.Model):
    """The number of downloads of a file on one day (UTC). Repeats by a visitor within an hour count once."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    downloads = models.PositiveBigIntegerField(default=0)
    bot_downloads = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "day"], name="download_day_once")]
        indexes = [models.Index(fields=["day"], name="download_day")]

    def __str__(self) -> str:
        return f"{self.file_id} on {self.day}: {self.downloads}"


class PublicFileName(models.Model):
    """A file name that outsiders could see in a version. In that version, it is reserved for these bytes forever.

    `sha256` is the digest of the bytes. A link whose bytes the hub never read has none, and is
    identified by `external_url`. `reason` is the reason of the deletion, if the file was deleted.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="public_names")
    folded_name = models.CharField(max_length=1024)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    external_url = models.CharField("external URL", max_length=2048, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    first_public_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "folded_name"], name="public_file_name_once"),
        ]

    def __str__(self) -> str:
        return self.filename
