"""Uploads that clients send directly to the storage, and what they are for: packages of versions and icons."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from downloads.models import Download
from files.models.blob import Blob
from files.models.file import File
from files.storage import Incoming
from releasehub.core.models import PublicIdModel, TimeStampedModel
from versions.models import Version
from versions.schemes import MAX_NUMBER_CHARACTERS


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

    def update_if(self, condition: Q, **changes: Any) -> bool:
        """Change the row if the condition still holds, and return whether it did."""
        rows = UploadSession.objects.filter(condition, pk=self.pk)
        return bool(rows.update(**changes, updated_at=timezone.now()))


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
