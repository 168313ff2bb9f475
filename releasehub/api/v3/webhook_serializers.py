"""The shapes of webhooks and of the log of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.serializers import NAME_LENGTH, moment
from releasehub.api.v3.webhook_terms import EVENTS, UnknownEvent, from_filter, from_type, to_filter
from releasehub.webhooks.models import Attempt, Delivery, Endpoint

EXCERPT = 4096
OURS = "Ours: not in the original"


class EventsField(serializers.ListField):
    """Names of this dialect; the value is the hub's filter."""

    child = serializers.CharField(max_length=100)

    def to_internal_value(self, data: Any) -> list[str]:
        try:
            return to_filter(super().to_internal_value(data))
        except UnknownEvent as error:
            raise serializers.ValidationError(str(error)) from error


# --- out --------------------------------------------------------------------------------------------------------------


class V3WebhookSerializer(serializers.Serializer[Any]):
    """`context["products"]`: download id -> its public id."""

    id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    updatedAt = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True)
    token = serializers.CharField(read_only=True, allow_null=True, help_text="Only in the answer that sets it")
    active = serializers.BooleanField(read_only=True, help_text="Whether it sends now")
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS), read_only=True)
    productId = serializers.CharField(read_only=True, allow_null=True, help_text=OURS)
    organizationId = serializers.CharField(read_only=True, allow_null=True, help_text=OURS)

    def to_representation(self, endpoint: Endpoint) -> dict[str, Any]:
        return {
            "id": endpoint.public_id,
            "createdAt": moment(endpoint.created_at),
            "updatedAt": moment(endpoint.updated_at),
            "name": endpoint.title,
            "url": endpoint.url,
            "token": None,
            "active": endpoint.state == Endpoint.State.SENDING,
            "events": from_filter(endpoint.events),
            "productId": self.context["products"].get(endpoint.download_id),
            "organizationId": endpoint.organization.public_id if endpoint.organization else None,
        }


class V3WebhookAttemptSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(read_only=True)
    statusCode = serializers.IntegerField(read_only=True, allow_null=True, help_text="null: there was no answer")
    sentAt = serializers.DateTimeField(read_only=True)
    receivedAt = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Of the answer")
    error = serializers.CharField(read_only=True, allow_null=True)
    retryAt = serializers.DateTimeField(read_only=True, allow_null=True, help_text="null: it was the last one")
    responseBody = serializers.CharField(read_only=True, help_text="The first 4 KiB")

    def to_representation(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "number": attempt.number,
            "statusCode": attempt.status_code,
            "sentAt": moment(attempt.started_at),
            "receivedAt": moment(_answered_at(attempt)),
            "error": attempt.error or None,
            "retryAt": moment(attempt.next_attempt_at),
            "responseBody": attempt.response,
        }


class V3WebhookEventLogSerializer(serializers.Serializer[Any]):
    """What is said of the answer is of the last attempt. `context["bodies"]`: delivery -> text."""

    id = serializers.CharField(read_only=True, help_text="The header `webhook-id`")
    createdAt = serializers.DateTimeField(read_only=True)
    webhookId = serializers.CharField(read_only=True)
    event = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=Delivery.State.choices, read_only=True)
    statusCode = serializers.IntegerField(read_only=True, allow_null=True, help_text="null: no answer, or not yet")
    sentAt = serializers.DateTimeField(read_only=True, allow_null=True)
    receivedAt = serializers.DateTimeField(read_only=True, allow_null=True)
    retryReason = serializers.CharField(
        read_only=True, allow_null=True, help_text="What went wrong before the last retry, done or planned"
    )
    retryAt = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Of the next attempt")
    requestHeaders = serializers.DictField(child=serializers.CharField(), read_only=True)
    requestBody = serializers.CharField(
        read_only=True, allow_null=True, help_text="The first 4096 characters; null before the first attempt"
    )
    responseBody = serializers.CharField(read_only=True, allow_null=True, help_text="The first 4 KiB")
    attempts = V3WebhookAttemptSerializer(many=True, read_only=True, help_text="The newest first")

    def to_representation(self, delivery: Delivery) -> dict[str, Any]:
        attempts: Sequence[Attempt] = list(delivery.attempts.all())
        last = attempts[0] if attempts else None
        is_waiting = delivery.state == Delivery.State.PENDING
        body = self.context["bodies"].get(delivery.pk)
        return {
            "id": delivery.webhook_id,
            "createdAt": moment(delivery.created_at),
            "webhookId": delivery.endpoint.public_id,
            "event": from_type(delivery.event.type),
            "state": delivery.state,
            "statusCode": last.status_code if last else None,
            "sentAt": moment(last.started_at) if last else None,
            "receivedAt": moment(_answered_at(last)) if last else None,
            "retryReason": next((row.error for row in attempts if row.next_attempt_at), None),
            "retryAt": moment(delivery.next_attempt_at) if is_waiting and last else None,
            "requestHeaders": last.request_headers if last else {},
            "requestBody": body[:EXCERPT] if body is not None else None,
            "responseBody": last.response if last else None,
            "attempts": [V3WebhookAttemptSerializer().to_representation(row) for row in attempts],
        }


def _answered_at(attempt: Attempt) -> datetime | None:
    if attempt.status_code is None:
        return None
    return attempt.started_at + timedelta(milliseconds=attempt.duration_ms)


# --- in ---------------------------------------------------------------------------------------------------------------


class V3WebhookUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=2000, required=False)
    token = serializers.CharField(
        max_length=200,
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The secret that signs: 8 to 200 printable characters without spaces",
    )
    active = serializers.BooleanField(required=False)
    enabled = serializers.BooleanField(required=False, help_text="Another name of `active`")
    events = EventsField(required=False, help_text="See `GET /v3/webhooks/events`")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """By the names of the domain; without a token there is no secret among them."""
        enabled = attrs.pop("enabled", None)
        if enabled is not None:
            attrs.setdefault("active", enabled)
        secret = attrs.pop("token", None)
        names = {"name": "title", "active": "is_active"}
        fields = {names.get(name, name): value for name, value in attrs.items()}
        return fields | ({"secret": secret} if secret else {})


class V3WebhookCreateSerializer(V3WebhookUpdateSerializer):
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=2000)
    events = EventsField(help_text="See `GET /v3/webhooks/events`")
    productId = serializers.CharField(
        max_length=NAME_LENGTH, required=False, allow_null=True, help_text=f"{OURS}. Whose releases"
    )
    organizationId = serializers.CharField(
        max_length=NAME_LENGTH, required=False, allow_null=True, help_text=f"{OURS}. All releases of its products"
    )
