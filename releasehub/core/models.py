"""Abstract models that the apps share."""

from __future__ import annotations

import os
from base64 import b32encode
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from releasehub.accounts.models import User

PUBLIC_ID_CHARACTERS = 24
MAX_REASON_CHARACTERS = 500
DELETION_FIELDS = ("deleted_at", "deleted_by", "delete_reason", "updated_at")
RANDOM_BYTES = 15  # exactly 24 characters of five bits


def new_public_id() -> str:
    """Return a random public id in the form of a CUID2: 24 lower-case letters and digits, the first one a letter.

    The library for CUID2 took 6 % of the CPU time of a new version, whose events have ids as well. It also hashes a
    counter and a fingerprint of the host, which add nothing to 119 random bits.
    """
    while True:
        text = b32encode(os.urandom(RANDOM_BYTES)).decode().lower()
        if text[0].isalpha():
            return text


class TimeStampedModel(models.Model):
    """A row that records when it was created and last updated."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class PublicIdModel(models.Model):
    """A row that has a random id for URLs, which does not reveal how many rows there are."""

    public_id = models.CharField(
        "public ID", max_length=PUBLIC_ID_CHARACTERS, unique=True, default=new_public_id, editable=False
    )

    class Meta:
        abstract = True


class SoftDeleteModel(TimeStampedModel):
    """A row that can be soft-deleted: while `deleted_at` is set it is hidden, but it can be restored."""

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    delete_reason = models.CharField(
        "reason for deletion", max_length=MAX_REASON_CHARACTERS, blank=True, editable=False
    )

    class Meta:
        abstract = True

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def set_deleted(self, *, by: User | None, reason: str) -> None:
        """Mark the row as deleted without saving it."""
        self.deleted_at, self.deleted_by, self.delete_reason = timezone.now(), by, reason[:MAX_REASON_CHARACTERS]

    def set_restored(self) -> None:
        """Mark the row as not deleted without saving it."""
        self.deleted_at, self.deleted_by, self.delete_reason = None, None, ""

    def mark_deleted(self, *, by: User | None, reason: str) -> None:
        self.set_deleted(by=by, reason=reason)
        self.save(update_fields=DELETION_FIELDS)

    def mark_restored(self) -> None:
        self.set_restored()
        self.save(update_fields=DELETION_FIELDS)
