"""Destinations that the audit log is shipped to."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models

from releasehub.audit.targets import parse_storage_prefix, parse_syslog_target
from releasehub.core.fields import EncryptedTextField
from releasehub.outbound.failures import InvalidUrl
from releasehub.outbound.urls import parse_target


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
