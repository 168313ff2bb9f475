"""Deliveries of events to endpoints."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from releasehub.webhooks.models.endpoint import Endpoint
from releasehub.webhooks.models.event import Event


class Delivery(models.Model):
    """The delivery of one event to one endpoint.

    Attributes:
        webhook_id: The id that receivers see. It stays the same for all attempts and replays, like `format`.
        object_key: A copy of `Event.object_key`, which keeps the events of one object in order.
        step: The number of failures since the delivery was created or last replayed.
        lease_until: While this time is in the future, a worker has leased the delivery.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    webhook_id = models.CharField("webhook ID", max_length=64, editable=False)
    format = models.CharField(max_length=10, choices=Endpoint.Format.choices, editable=False)
    object_key = models.CharField(max_length=64, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempt_count = models.PositiveIntegerField(default=0)
    step = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at", "id"], condition=Q(state="pending"), name="webhook_delivery_due"
            ),
            models.Index(fields=["endpoint"], condition=Q(lease_until__isnull=False), name="webhook_delivery_leased"),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_list"),
            models.Index(fields=["endpoint", "-id"], condition=Q(state="failed"), name="webhook_delivery_failed"),
            models.Index(fields=["created_at"], name="webhook_delivery_created"),
        ]

    def __str__(self) -> str:
        return self.webhook_id


class Payload(models.Model):
    """The body of an event in one format. It is rendered once, and every attempt and replay sends these bytes."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="payloads", db_index=False)
    format = models.CharField(max_length=10, choices=Endpoint.Format.choices)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "format"], name="webhook_payload_once"),
        ]

    def __str__(self) -> str:
        return f"{self.format} payload of event {self.event_id}"


class Attempt(models.Model):
    """One attempt of a delivery. `request_headers` contain no secrets, and `response` has at most 4 KiB of the body."""

    class Result(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        ANSWERED = "answered", _("error response")
        UNREACHABLE = "unreachable", _("Unreachable")
        REFUSED = "refused", _("rejected by the hub")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField()
    result = models.CharField(max_length=12, choices=Result.choices)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField("duration (ms)")
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    request_headers = models.JSONField(default=dict)
    body_sha256 = models.CharField("SHA-256 of the body", max_length=64)
    response = models.TextField(blank=True)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_once"),
        ]
        indexes = [
            models.Index(fields=["started_at", "result"], name="webhook_attempt_started"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number}"
