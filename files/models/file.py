"""Files of versions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from files.models.blob import Blob
from files.models.quarantine import Quarantine
from files.querysets import FileQuerySet
from releasehub.core.models import PublicIdModel, SoftDeleteModel
from releasehub.core.querysets import AliveManager
from versions.models import Version
from versions.platforms import platform_spellings

AliveFileManager = AliveManager.from_queryset(FileQuerySet)
FileManager = models.Manager.from_queryset(FileQuerySet)


class File(PublicIdModel, SoftDeleteModel):
    """One artifact of a version: stored bytes, an external link, or a link with a stored copy.

    `external_sha512` is the declared digest while the link is pending, and the measured one afterwards.
    """

    class FileKind(models.TextChoices):
        PACKAGE = "package", _("Package")
        LOCKFILE = "lockfile", _("Lockfile")
        SIGNATURE = "signature", _("Signature")
        SBOM = "sbom", _("Sbom")
        OTHER = "other", _("Other")

    class Validation(models.TextChoices):
        PENDING = "pending", _("Pending")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")

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
    quarantine = models.ForeignKey(  # see files/quarantine.py
        Quarantine, null=True, editable=False, db_index=False, on_delete=models.SET_NULL, related_name="files"
    )
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
            models.Index(fields=["folded_name"], name="file_folded_name"),
            models.Index(fields=["version", "-display_order", "-id"], name="file_order"),
            models.Index(fields=["version", "-size_bytes", "-id"], name="file_by_size"),
            models.Index(fields=["version", "-download_count", "-id"], name="file_popular"),
            models.Index(fields=["-display_order", "-id"], name="file_all_order"),
            # The oldest file that waits for its check, for the sweep, the dashboard and the metrics.
            models.Index(fields=["created_at"], name="file_pending", condition=Q(validation_status="pending")),
            models.Index(fields=["quarantine"], name="file_quarantined", condition=Q(quarantine__isnull=False)),
            models.Index(
                fields=["version", "size_bytes", "blob"], name="file_stored_sizes", condition=Q(blob__isnull=False)
            ),
            models.Index(fields=["deleted_at"], name="file_deleted", condition=Q(deleted_at__isnull=False)),
            models.Index(fields=["external_sha256"], name="file_link_sha256", condition=Q(external_sha256__gt="")),
            models.Index(fields=["external_sha512"], name="file_link_sha512", condition=Q(external_sha512__gt="")),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def download_id(self) -> int:
        return self.version.download_id

    @property
    def is_offered(self) -> bool:
        """Return whether `FileQuerySet.passed` selects the file, apart from deletion."""
        return self.validation_status == self.Validation.PASSED and self.quarantine_id is None

    def suits(self, platform: str) -> bool:
        """Return whether `FileQuerySet.suiting` selects the file for the platform; a test keeps both equal."""
        names = platform_spellings(platform)
        if self.platform or self.kind != self.FileKind.PACKAGE:
            return self.platform.lower() in names
        return self.version.suits(platform)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the stored bytes, or the one measured behind the link; empty if it is unknown."""
        return self.blob.sha256 if self.blob else self.external_sha256

    @property
    def sha512(self) -> str:
        """The SHA-512 in the same way. As long as a link is pending, it is the declared one."""
        return self.blob.sha512 if self.blob else self.external_sha512

    @property
    def is_link_only(self) -> bool:
        """Return whether the bytes are stored elsewhere, so that clients are redirected to the link."""
        return self.blob_id is None
