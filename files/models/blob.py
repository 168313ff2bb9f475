"""Stored bytes."""

from __future__ import annotations

from django.db import models

from files.querysets import BlobQuerySet
from releasehub.core.models import TimeStampedModel

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
