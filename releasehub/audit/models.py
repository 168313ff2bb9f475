"""The audit log: append-only rows that are written in the same transaction as the change they describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from releasehub.audit.actions import action_choices
from releasehub.audit.targets import parse_storage_prefix, parse_syslog_target
from releasehub.core.actor import Origin
from releasehub.core.fields import EncryptedTextField
from releasehub.outbound.failures import InvalidUrl
from releasehub.outbound.urls import parse_target


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
    """A signed position in the chain. The key of the signature is not in the database."""

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
    """A position up to which rows were pruned. Verification starts from its hash."""

    purpose = "checkpoint"

    class Meta:
        ordering = ["-position"]


class AuditHead(ChainPlace):
    """The end of the chain at a moment. Heads are exported, so that it is noticed if later rows are removed."""

    purpose = ""

    class Meta:
        ordering = ["-position"]


class AuditTip(ChainPlace):
    """The current end of the chain. There is one row, which the chainer updates in the transaction that adds rows."""

    purpose = "tip"


class AuditKeyEpoch(ChainPlace):
    """The last position that was chained by a release without a chain key. Newer hubs have no such row."""

    purpose = "epoch"


class AuditSink(models.Model):
    """A destination to which all rows are shipped, in the order of the chain and at least once.

    `cursor` is the last position that the sink has accepted, and `head_cursor` the position of the last head.
    """

    class SinkKind(models.TextChoices):
        JSONL = "jsonl", "JSON lines in storage"
        HTTP = "http", "HTTP endpoint"
        SYSLOG = "syslog", "syslog server"

    kind = models.CharField(max_length=10, choices=SinkKind.choices)
    target = models.CharField(
        max_length=500,
        help_text="A folder in the default storage, an http:// or https:// URL, or tcp://, tls:// or udp://host:port.",
    )
    token = EncryptedTextField(
        max_length=500,
        blank=True,
        help_text="Sent to an HTTP endpoint as a bearer token. The token is stored encrypted.",
    )
    has_addresses = models.BooleanField(
        "include IP addresses",
        default=False,
        help_text="Send IP addresses as well. The hub deletes them after a while, but the "
        "sink may store them for longer.",
    )
    is_active = models.BooleanField("active", default=True)
    cursor = models.BigIntegerField(default=0, editable=False)
    head_cursor = models.BigIntegerField(default=0, editable=False)
    shipped_at = models.DateTimeField("last shipped at", null=True, editable=False)
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
        """Validate the target.

        Raises:
            ValidationError: The target does not have the form that the kind of sink needs.
        """
        parsers: dict[str, Callable[[str], object]] = {
            self.SinkKind.JSONL: parse_storage_prefix,
            self.SinkKind.HTTP: parse_target,
            self.SinkKind.SYSLOG: parse_syslog_target,
        }
        parse = parsers.get(self.kind)
        try:
            if parse is not None:
                parse(self.target)
        except (ValueError, InvalidUrl) as error:
            raise ValidationError({"target": str(error)}) from None
