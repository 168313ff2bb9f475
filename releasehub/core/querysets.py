"""Querysets and managers that the apps share."""

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
        """Rows whose window for restoring ended before `moment`."""
        return self.filter(deleted_at__lt=moment)


class AliveManager(models.Manager[SoftDeletable], Generic[SoftDeletable]):
    """Hides what is soft-deleted; `.from_queryset(...)` gives it the methods of the app's queryset."""

    def get_queryset(self) -> SoftDeleteQuerySet[SoftDeletable]:
        rows: SoftDeleteQuerySet[SoftDeletable] = super().get_queryset()  # type: ignore[assignment]
        return rows.alive()
