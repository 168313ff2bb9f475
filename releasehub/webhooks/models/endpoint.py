"""Endpoints of webhooks."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.models import Organization
from releasehub.core.models import PublicIdModel, TimeStampedModel
from releasehub.webhooks.hosts import host_of


class Endpoint(PublicIdModel, TimeStampedModel):
    """A URL to which events are sent: those of one download, of an organization's downloads, or of the whole site.

    An endpoint that is not active or is disabled gets no deliveries. A paused one gets deliveries that wait.

    Attributes:
        events: The filter of event types, see `filters`.
        criteria: Allowed values, by object type and then by field of the snapshot. Other fields are not restricted.
        foreign_events, foreign_criteria: What a client selected by names that only the original system of its dialect
            has. It matches no event, and is returned to clients only.
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
        MC_DM_FORM = "mc_dm_form", _("Downloads Manager, as a form")
        SLACK = "slack", "Slack"
        DISCORD = "discord", "Discord"
        TEAMS = "teams", "Microsoft Teams"
        MATRIX = "matrix", "Matrix (Hookshot)"

    class AuthType(models.TextChoices):
        NONE = "none", _("none")
        BASIC = "basic", _("user name and password")
        HEADER = "header", _("a secret header")

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("disabled by the hub")
        OFF = "off", _("inactive")

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
    foreign_events = models.JSONField(default=dict, db_default={}, editable=False)
    foreign_criteria = models.JSONField(default=dict, db_default={}, editable=False)
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
