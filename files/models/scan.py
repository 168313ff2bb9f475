"""Passes over everything that is stored, which find objects without a row."""

from django.db import models
from django.utils import timezone


class StorageScan(models.Model):
    """One pass over the stored objects, in the order of their keys. An interrupted pass continues after `cursor`.

    Attributes:
        orphan_count: The number of old objects that no row refers to.
        orphans: The first orphans, each with `key`, `size_bytes` and `modified_at`.
    """

    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    cursor = models.CharField(max_length=1024, blank=True)
    object_count = models.PositiveBigIntegerField(default=0)
    object_bytes = models.PositiveBigIntegerField(default=0)
    orphan_count = models.PositiveBigIntegerField(default=0)
    orphan_bytes = models.PositiveBigIntegerField(default=0)
    orphans = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"storage scan of {self.started_at:%Y-%m-%d %H:%M}"
