"""Abstract models that the apps share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuid2 import Cuid
from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from releasehub.accounts.models import User

PUBLIC_ID_CHARACTERS = 24
_cuid = Cuid(length=PUBLIC_ID_CHARACTERS)


def new_public_id() -> str:
    """Return a random public id: a CUID2 of 24 lower-case characters."""
    return _cuid.generate()


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
    delete_reason = models.CharField("reason for deletion", max_length=500, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def mark_deleted(self, *, by: User | None, reason: str) -> None:
        self.deleted_at, self.deleted_by, self.delete_reason = timezone.now(), by, reason
        self.save(update_fields=["deleted_at", "deleted_by", "delete_reason", "updated_at"])

    def mark_restored(self) -> None:
        self.deleted_at, self.deleted_by, self.delete_reason = None, None, ""
        self.save(update_fields=["deleted_at", "deleted_by", "delete_reason", "updated_at"])
