"""Audit rows. They are append-only, and written in the same transaction as the change they describe."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone

from releasehub.audit.actions import action_choices
from releasehub.core.actor import Origin


class AppendOnlyError(TypeError):
    """An attempt to change or delete an audit row through the ORM."""


class AuditQuerySet(models.QuerySet[Any]):
    """A query set that can read and add rows, but neither change nor delete them."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise AppendOnlyError

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts") or kwargs.get("ignore_conflicts"):
            raise AppendOnlyError
        return super().bulk_create(*args, **kwargs)


class AuditEntry(models.Model):
    """One recorded action.

    The row stores ids instead of foreign keys, because it outlives the user, the API key and the target it refers to.
    The chainer sets `position`, `chain_hash`, `address_digest` and `address_salt` later.
    """

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    actor_id = models.BigIntegerField("actor ID", null=True)
    actor_label = models.CharField(max_length=200)
    api_key_id = models.BigIntegerField("API key ID", null=True)
    channel = models.CharField(max_length=10, choices=Origin.choices)
    action = models.CharField(max_length=40, choices=action_choices)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField("target ID", null=True)
    target_label = models.CharField(max_length=300)
    download_id = models.BigIntegerField("download ID", null=True)
    changes = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField("request ID", max_length=64, blank=True)
    address = models.GenericIPAddressField("IP address", null=True)
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    chain_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    address_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    address_salt = models.CharField(max_length=32, blank=True, default="", editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target_type", "target_id", "-id"], name="audit_target"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["actor_id", "-id"], name="audit_actor"),
            models.Index(fields=["download_id", "-id"], name="audit_download", condition=Q(download_id__isnull=False)),
            models.Index(fields=["created_at"], name="audit_created"),
            models.Index(fields=["request_id"], name="audit_request"),
            models.Index(fields=["id"], condition=Q(position=None), name="audit_unchained"),
            models.Index(fields=["position"], condition=Q(address__isnull=False), name="audit_has_address"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError
