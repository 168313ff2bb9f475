"""Assignments of rows of the queue, and the decisions about them."""

from django.conf import settings
from django.db import models
from django.utils import timezone

MAX_NOTE_CHARACTERS = 500  # as long as the reasons and notes of the services that store it


class Kind(models.TextChoices):
    """The types of rows that can wait."""

    DOWNLOAD = "download"
    VERSION = "version"
    FILE = "file", "Quarantined file"
    COMMENT = "comment"
    REVIEW = "review"
    REPORT = "report"


class Assignment(models.Model):
    """The assignment of a row of the queue to a moderator. A decision about the row deletes it."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    object_id = models.BigIntegerField()
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="assignment_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.assignee}"


class Verdict(models.Model):
    """A decision about a row of the queue. `note` is what the moderator told its author."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    object_id = models.BigIntegerField()
    is_approval = models.BooleanField()
    note = models.CharField(max_length=MAX_NOTE_CHARACTERS, blank=True)
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "object_id", "-id"], name="verdict_of_object")]

    def __str__(self) -> str:
        return f"{'approval' if self.is_approval else 'rejection'} of {self.kind} {self.object_id}"
