"""The models of webhooks: events, endpoints, deliveries and attempts.

Events are an outbox: each is stored in the same transaction as the change it describes, and delivered afterwards.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from releasehub.accounts.models import Organization
from releasehub.core.models import PublicIdModel, TimeStampedModel
from releasehub.webhooks.events import event_choices


def host_of(url: str) -> str:
    """Return the host and port of a URL."""
    return urlsplit(url).netloc.rpartition("@")[2]


def server_of(url: str) -> tuple[str, str]:
    """Return the scheme and the host of a URL."""
    return urlsplit(url).scheme, host_of(url).lower()


class Event(PublicIdModel):
    """A change of an object.

    `data` is a snapshot of the object after the change. The bodies of deliveries are rendered from it. `sequence`
    counts the events of one object from 1. `position` is the position in the event stream. It is assigned after the
    commit, so that no event ever appears before a position that a client has already read.
    """

    type = models.CharField(max_length=40, choices=event_choices)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField("object ID")
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    position = models.PositiveBigIntegerField(null=True, unique=True, editable=False)
    download_id = models.BigIntegerField("download ID", null=True)
    actor_id = models.BigIntegerField("actor ID", null=True)
    data = models.JSONField()
    occurred_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="event_object"),
            models.Index(fields=["download_id", "id"], name="event_download"),
            models.Index(fields=["download_id", "position"], name="event_download_stream"),
            models.Index(fields=["id"], name="event_without_position", condition=Q(position=None)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.object_type} {self.object_id}"

    @property
    def object_key(self) -> str:
        """Return a key that all events about the same object share."""
        return f"{self.object_type}:{self.object_id}"


class Endpoint(PublicIdModel, TimeStampedModel):
    """A URL to which events are sent: those of one download, of an organization's downloads, or of the whole site.

    An endpoint that is not active or is disabled gets no deliveries. A paused one gets deliveries that wait.

    Attributes:
        events: The filter of event types, see `filters`.
        criteria: Allowed values, by object type and then by field of the snapshot. Other fields are not restricted.
        verify_tls: Whether the TLS certificate has to be valid. The IP address is checked in any case.
        notice_due_at: When to notify the owners that the hub has disabled the endpoint.
        auth_name: The user name or the name of the header with which the hub authenticates at the receiver.
        wants_traffic: Whether `events` names traffic events.
        claimed_at: When a worker last claimed deliveries, so that endpoints take turns.
    """

    class Format(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"
        V3 = "v3", "v3"
        MC_DM = "mc_dm", "Downloads Manager"
        MC_DM_FORM = "mc_dm_form", "Downloads Manager, as a form"
        SLACK = "slack", "Slack"
        DISCORD = "discord", "Discord"
        TEAMS = "teams", "Microsoft Teams"
        MATRIX = "matrix", "Matrix (Hookshot)"

    class AuthType(models.TextChoices):
        NONE = "none", "none"
        BASIC = "basic", "user name and password"
        HEADER = "header", "a secret header"

    class State(models.TextChoices):
        SENDING = "sending"
        PAUSED = "paused"
        DISABLED = "disabled", "disabled by the hub"
        OFF = "off", "inactive"

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    download_id = models.BigIntegerField("download ID", null=True, blank=True)
    url = models.URLField("URL", max_length=2000)
    title = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=10, choices=Format.choices, default=Format.STANDARD)
    events = models.JSONField(default=list, blank=True)
    criteria = models.JSONField(default=dict, blank=True)
    wants_traffic = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField("active", default=True)
    verify_tls = models.BooleanField("verify the TLS certificate", default=True)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.CharField("reason for disabling", max_length=300, blank=True, editable=False)
    notice_due_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    sealed_secret = models.TextField(editable=False)
    sealed_previous_secret = models.TextField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    auth_type = models.CharField("authentication", max_length=10, choices=AuthType.choices, default=AuthType.NONE)
    auth_name = models.CharField("user name or header", max_length=100, blank=True)
    sealed_auth_secret = models.TextField(blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = "webhook endpoint"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organization=None) | Q(download_id=None), name="webhook_endpoint_one_scope"
            ),
        ]
        indexes = [
            models.Index(
                fields=["download_id"], condition=Q(download_id__isnull=False), name="webhook_endpoint_download"
            ),
            models.Index(fields=["id"], condition=Q(download_id=None, organization=None), name="webhook_endpoint_site"),
            models.Index(fields=["id"], condition=Q(wants_traffic=True), name="webhook_endpoint_traffic"),
            models.Index(fields=["created_at", "id"], name="webhook_endpoint_created"),
            models.Index(fields=["title", "id"], name="webhook_endpoint_title"),
            models.Index(
                fields=["notice_due_at"], condition=Q(notice_due_at__isnull=False), name="webhook_endpoint_notice"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.description or f"webhook endpoint {self.public_id}"

    @property
    def path(self) -> str:
        """Return the path of the endpoint's page."""
        return f"/account/webhooks/{self.public_id}/"

    @property
    def host(self) -> str:
        """Return the part of the URL that may appear in logs and e-mails. The path may contain a token."""
        return host_of(self.url)

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def is_disabled(self) -> bool:
        """Return whether the hub has disabled the endpoint, for the reason in `disabled_reason`."""
        return self.disabled_at is not None

    @property
    def state(self) -> State:
        """Return the state. If the hub has disabled the endpoint, that takes precedence over what its owner has set."""
        if self.is_disabled:
            return self.State.DISABLED
        if not self.is_active:
            return self.State.OFF
        return self.State.PAUSED if self.is_paused else self.State.SENDING

    @property
    def is_previous_secret_valid(self) -> bool:
        """Return whether deliveries are also signed with the secret from before the last rotation."""
        return self.previous_secret_until is not None and self.previous_secret_until > timezone.now()


class Delivery(models.Model):
    """The delivery of one event to one endpoint.

    Attributes:
        webhook_id: The id that receivers see. It stays the same for all attempts and replays, like `format`.
        object_key: A copy of `Event.object_key`, which keeps the events of one object in order.
        step: The number of failures since the delivery was created or last replayed.
        lease_until: While this time is in the future, a worker has leased the delivery.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"
        CANCELLED = "cancelled"

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
        DELIVERED = "delivered"
        ANSWERED = "answered", "error response"
        UNREACHABLE = "unreachable"
        REFUSED = "refused", "rejected by the hub"

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


class TrafficSignal(models.Model):
    """The steps of one download of a file, until a worker turns them into events.

    Attributes:
        steps: An object for each traffic event, with its type and details.
    """

    download_id = models.BigIntegerField("download ID")
    version_id = models.BigIntegerField("version ID")
    file_id = models.BigIntegerField("file ID")
    steps = models.JSONField()
    occurred_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Download of file {self.file_id}"
