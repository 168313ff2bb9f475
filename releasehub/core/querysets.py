"""Query sets and managers that the apps share."""

from datetime import datetime
from typing import Generic, Self, TypeVar

from django.db import models

from releasehub.core.models import SoftDeleteModel

SoftDeletable = TypeVar("SoftDeletable", bound=SoftDeleteModel)


class SoftDeleteQuerySet(models.QuerySet[SoftDeletable], Generic[SoftDeletable]):
    def alive(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def deleted(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def deleted_before(self, moment: datetime) -> Self:
        """Return rows that were soft-deleted before this moment."""
        return self.filter(deleted_at__lt=moment)


class AliveManager(models.Manager[SoftDeletable], Generic[SoftDeletable]):
    """A manager that hides soft-deleted rows. Call `.from_queryset(...)` to add the methods of an app's query set."""

    def get_queryset(self) -> SoftDeleteQuerySet[SoftDeletable]:
        rows: SoftDeleteQuerySet[SoftDeletable] = super().get_queryset()  # type: ignore[assignment]
        return rows.alive()
