"""Stored bytes."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q

from files.querysets import BlobQuerySet
from releasehub.core.models import TimeStampedModel

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # so that an index puts blobs that were never checked first

BlobManager = models.Manager.from_queryset(BlobQuerySet)


class Blob(TimeStampedModel):
    """Stored bytes. There is one blob per SHA-256.

    In the state `missing` the bytes are missing or damaged, and `problem` says which. `checked_at` is the time of the
    last comparison with the stored bytes. Until `claimed_until`, the blob is not deleted although no file refers to it
    yet, because an upload is about to. An AppImage says in `update_information` where it looks for updates, and has a
    block map of `block_map_bytes` at its end, see `files.inspection.app_image`.
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
    checked_at = models.DateTimeField("last checked", default=NEVER, db_default=NEVER, editable=False)
    update_information = models.CharField(max_length=1024, blank=True, editable=False, db_default="")
    block_map_bytes = models.PositiveIntegerField(default=0, editable=False, db_default=0)
    problem = models.CharField(max_length=100, blank=True, editable=False, db_default="")

    objects = BlobManager()

    class Meta:
        indexes = [
            models.Index(fields=["checked_at", "id"], name="blob_checked"),
            models.Index(fields=["id"], name="blob_unusable", condition=Q(state="missing")),
        ]

    def __str__(self) -> str:
        return f"sha256:{self.sha256[:12]}"

    @property
    def path_digest(self) -> str:
        """The part of the digest in the path of a picture. A shorter one could lead to other bytes later."""
        return self.sha256[:16]
