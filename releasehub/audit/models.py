"""The audit log: append-only rows written in the transaction of the change they describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from releasehub.audit.actions import action_choices
from releasehub.audit.targets import storage_prefix, syslog_target
from releasehub.core.actor import Origin
from releasehub.core.fields import EncryptedTextField
from releasehub.outbound.urls import InvalidUrl, parse_target


class AppendOnlyError(TypeError):
    """Audit rows are written once; nothing changes or removes them through the ORM."""


class AuditQuerySet(models.QuerySet[Any]):
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
    """Ids instead of foreign keys: a row outlives the user, key and target it names.

    `position`, `chain_hash` and the address's digest and salt are the chainer's; a row without a position waits for it.
    """

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=200)
    api_key_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=10, choices=Origin.choices)
    action = models.CharField(max_length=40, choices=action_choices)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField(null=True)
    target_label = models.CharField(max_length=300)
    download_id = models.BigIntegerField(null=True)
    changes = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True)
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
            models.Index(fields=["created_at"], name="audit_created"),
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


class ChainPlace(models.Model):
    """A place in the chain, signed with a key that is kept outside the database."""

    purpose: ClassVar[str]

    position = models.BigIntegerField(unique=True)
    chain_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    signature = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.position} {self.chain_hash}"


class AuditCheckpoint(ChainPlace):
    """Rows up to `position` were pruned; verification goes on from its hash."""

    purpose = "checkpoint"

    class Meta:
        ordering = ["-position"]


class AuditHead(ChainPlace):
    """The end of the chain at a moment, exported, so that a tail cut off later is missed."""

    purpose = ""

    class Meta:
        ordering = ["-position"]


class AuditTip(ChainPlace):
    """The end of the chain as it is now: one row, moved on in the transaction that chains."""

    purpose = "tip"


class AuditKeyEpoch(ChainPlace):
    """Rows up to `position` were chained by a release whose chain had no key. Hubs that began later have none."""

    purpose = "epoch"


class AuditSink(models.Model):
    """Where rows are shipped to, in the chain's order and at least once. `cursor`: the last position that arrived."""

    class Kind(models.TextChoices):
        JSONL = "jsonl", "JSON lines in storage"
        HTTP = "http", "HTTP endpoint"
        SYSLOG = "syslog", "syslog server"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    target = models.CharField(
        max_length=500,
        help_text="A folder in the default storage; an http(s) URL; tcp://, tls:// or udp://host:port.",
    )
    token = EncryptedTextField(
        max_length=500, blank=True, help_text="Sent to an HTTP endpoint as a bearer token; encrypted in the database."
    )
    has_addresses = models.BooleanField(
        default=False, help_text="Ship addresses too. The hub forgets them after a while, a sink may not."
    )
    is_active = models.BooleanField(default=True)
    cursor = models.BigIntegerField(default=0, editable=False)
    head_cursor = models.BigIntegerField(default=0, editable=False)
    shipped_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["kind", "target"], name="audit_sink_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"

    def clean(self) -> None:
        """Errors: ValidationError for a target the kind cannot use."""
        judges: dict[str, Callable[[str], object]] = {
            self.Kind.JSONL: storage_prefix,
            self.Kind.HTTP: parse_target,
            self.Kind.SYSLOG: syslog_target,
        }
        judge = judges.get(self.kind)
        try:
            if judge is not None:
                judge(self.target)
        except (ValueError, InvalidUrl) as error:
            raise ValidationError({"target": str(error)}) from None
