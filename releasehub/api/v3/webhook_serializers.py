"""The shapes of webhooks and of the log of their deliveries in the v3 dialect."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import NamesField, TextOrNullField
from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.api.v3.fields import MAX_NAME_CHARACTERS, V3MomentField, format_optional_moment
from releasehub.api.v3.webhook_terms import DIALECT, EVENTS, from_filter, from_type, to_filter
from releasehub.core.foreign import split_names
from releasehub.webhooks.endpoints import secret_of
from releasehub.webhooks.models import Attempt, Delivery, Endpoint

MAX_BODY_EXCERPT = 4096
EXTENSION = "Not in the original API"


class V3WebhookEventSerializer(serializers.Serializer[Any]):
    event = serializers.ChoiceField(choices=EVENTS, read_only=True)
    description = serializers.CharField(read_only=True)


class V3WebhookSerializer(ReadOnlySerializer):
    """A webhook. `context["products"]` maps the id of a download to its public id.

    `context["shows_tokens"]` says whether the caller may read the tokens of the webhooks that it manages.
    """

    id = serializers.CharField(source="public_id")
    createdAt = V3MomentField(source="created_at")
    updatedAt = V3MomentField(source="updated_at")
    name = serializers.CharField(source="title")
    url = serializers.CharField()
    token = serializers.CharField(allow_null=True, help_text="null for a token without `webhook:write`")
    active = serializers.BooleanField(help_text="Whether the webhook is sending deliveries")
    events = serializers.ListField(
        child=serializers.CharField(), help_text="Also those of the original system that the hub does not have"
    )
    productId = serializers.CharField(allow_null=True, help_text=EXTENSION)
    organizationId = serializers.CharField(allow_null=True, help_text=EXTENSION)

    def get_token(self, endpoint: Endpoint) -> str | None:
        return secret_of(endpoint) if self.context["shows_tokens"] else None

    def get_active(self, endpoint: Endpoint) -> bool:
        return endpoint.state == Endpoint.State.SENDING

    def get_events(self, endpoint: Endpoint) -> list[str]:
        return sorted([*from_filter(endpoint.events), *endpoint.foreign_events.get(DIALECT, [])])

    def get_product_id(self, endpoint: Endpoint) -> str | None:
        return self.context["products"].get(endpoint.download_id)

    def get_organization_id(self, endpoint: Endpoint) -> str | None:
        return endpoint.organization.public_id if endpoint.organization else None


def get_received_at(attempt: Attempt) -> str | None:
    """Return when the response to an attempt arrived, or None if there was no response."""
    if attempt.status_code is None:
        return None
    return format_optional_moment(attempt.started_at + timedelta(milliseconds=attempt.duration_ms))


class V3WebhookAttemptSerializer(ReadOnlySerializer):
    number = serializers.IntegerField()
    statusCode = serializers.IntegerField(
        allow_null=True, source="status_code", help_text="null: the receiver did not respond"
    )
    sentAt = V3MomentField(source="started_at")
    receivedAt = V3MomentField(allow_null=True, help_text="When the response arrived")
    error = TextOrNullField(allow_null=True)
    retryAt = V3MomentField(allow_null=True, source="next_attempt_at", help_text="null after the last attempt")
    responseBody = serializers.CharField(source="response", help_text="The first 4 KiB")

    def get_received_at(self, attempt: Attempt) -> str | None:
        return get_received_at(attempt)


class V3WebhookEventLogSerializer(ReadOnlySerializer):
    """A delivery. The fields about request and response are those of the last attempt.

    `context["bodies"]` maps the id of a delivery to its request body. Attempts are loaded with the newest first.
    """

    id = serializers.CharField(source="webhook_id", help_text="The header `webhook-id`")
    createdAt = V3MomentField(source="created_at")
    webhookId = serializers.CharField(source="endpoint.public_id")
    event = serializers.CharField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    statusCode = serializers.IntegerField(allow_null=True, help_text="null: no response, or no attempt yet")
    sentAt = V3MomentField(allow_null=True)
    receivedAt = V3MomentField(allow_null=True)
    retryReason = serializers.CharField(
        allow_null=True, help_text="The error that caused the last retry, whether done or planned"
    )
    retryAt = V3MomentField(allow_null=True, help_text="When the next attempt is made")
    requestHeaders = serializers.DictField(child=serializers.CharField())
    requestBody = serializers.CharField(
        allow_null=True, help_text="The first 4096 characters; null before the first attempt"
    )
    responseBody = serializers.CharField(allow_null=True, help_text="The first 4 KiB")
    attempts = V3WebhookAttemptSerializer(many=True, help_text="The newest first")

    def get_last(self, delivery: Delivery) -> Attempt | None:
        """Return the last attempt; the relation is prefetched, so this runs no query."""
        return next(iter(delivery.attempts.all()), None)

    def get_event(self, delivery: Delivery) -> str:
        return from_type(delivery.event.type)

    def get_status_code(self, delivery: Delivery) -> int | None:
        last = self.get_last(delivery)
        return last.status_code if last else None

    def get_sent_at(self, delivery: Delivery) -> str | None:
        last = self.get_last(delivery)
        return format_optional_moment(last.started_at) if last else None

    def get_received_at(self, delivery: Delivery) -> str | None:
        last = self.get_last(delivery)
        return get_received_at(last) if last else None

    def get_retry_reason(self, delivery: Delivery) -> str | None:
        return next((attempt.error for attempt in delivery.attempts.all() if attempt.next_attempt_at), None)

    def get_retry_at(self, delivery: Delivery) -> str | None:
        is_waiting = delivery.state == Delivery.State.PENDING and self.get_last(delivery) is not None
        return format_optional_moment(delivery.next_attempt_at) if is_waiting else None

    def get_request_headers(self, delivery: Delivery) -> dict[str, str]:
        last = self.get_last(delivery)
        return last.request_headers if last else {}

    def get_request_body(self, delivery: Delivery) -> str | None:
        body: str | None = self.context["bodies"].get(delivery.pk)
        return body[:MAX_BODY_EXCERPT] if body is not None else None

    def get_response_body(self, delivery: Delivery) -> str | None:
        last = self.get_last(delivery)
        return last.response if last else None


class V3WebhookUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=100, required=False, source="title")
    url = serializers.CharField(max_length=2000, required=False)
    token = serializers.CharField(
        max_length=200,
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        source="secret",
        help_text="The secret that signs deliveries: 1 to 200 printable characters without spaces",
    )
    active = serializers.BooleanField(required=False, source="is_active")
    enabled = serializers.BooleanField(required=False, help_text="Another name of `active`")
    events = NamesField(
        required=False,
        allow_empty=False,
        error_messages={"empty": "Select at least one event. To pause deliveries, set `active` to false."},
        help_text="See `GET /v3/webhooks/events`. Other names are stored and returned, but nothing is sent for them",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace `enabled` by `is_active`, leave out an empty secret, and separate the events that exist here."""
        enabled = attrs.pop("enabled", None)
        if enabled is not None:
            attrs.setdefault("is_active", enabled)
        if not attrs.get("secret"):
            attrs.pop("secret", None)
        if "events" in attrs:
            known, foreign = split_names(attrs["events"], EVENTS)
            attrs |= {"events": to_filter(known), "foreign_events": {DIALECT: foreign}}
        return attrs


class V3WebhookCreateSerializer(V3WebhookUpdateSerializer):
    productId = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS,
        required=False,
        allow_null=True,
        source="product_id",
        help_text=f"{EXTENSION}. The product whose releases cause deliveries",
    )
    organizationId = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS,
        required=False,
        allow_null=True,
        source="organization_id",
        help_text=f"{EXTENSION}. The organization whose products cause deliveries",
    )
    required_fields = ("name", "url", "events")
