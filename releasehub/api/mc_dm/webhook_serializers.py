"""The shapes of webhook endpoints and their deliveries in the mc-dm dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from releasehub.api.common.fields import FlagField, UnsignedField
from releasehub.api.common.moments import parse_moment
from releasehub.api.mc_dm.serializers import epoch
from releasehub.api.mc_dm.webhook_terms import (
    BODIES,
    CONTENT_TYPES,
    FORMATS,
    UnknownTerm,
    from_criteria,
    from_filter,
    from_format,
    to_criteria,
    to_filter,
)
from releasehub.core.json import read_json
from releasehub.webhooks.models import Attempt, Delivery, Endpoint

EVENTS_SCHEMA = {
    "type": "object",
    "additionalProperties": {
        "oneOf": [{"type": "string", "const": "*"}, {"type": "array", "items": {"type": "string"}}]
    },
    "description": f"Content type ({', '.join(CONTENT_TYPES)}) -> `*` or names of events; one left out sends nothing.",
}
CRITERIA_SCHEMA = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": {}},
    "description": (
        "Content type -> `categories` (ids), `password_protected` (download), `published` (version): any, yes, no; "
        "`validation` (file): any, pending, validated, failed; `fields`: field of the data -> values that pass."
    ),
}


# --- fields -----------------------------------------------------------------------------------------------------------


class TermsField(serializers.JSONField):
    """An object in the words of the dialect; in a form its JSON text. `read` gives the domain's value."""

    def __init__(self, read: Callable[[dict[str, Any]], Any], **options: Any) -> None:
        super().__init__(**options)
        self.read = read

    def to_internal_value(self, data: Any) -> Any:
        try:
            found = read_json(data.encode("utf-8", "replace")) if isinstance(data, str) else data
        except ValueError:
            self.fail("invalid")
        if not isinstance(found, dict):
            self.fail("invalid")
        try:
            return self.read(found)
        except UnknownTerm as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field(EVENTS_SCHEMA)
class EventsField(TermsField):
    def __init__(self, **options: Any) -> None:
        super().__init__(to_filter, **options)


@extend_schema_field(CRITERIA_SCHEMA)
class CriteriaField(TermsField):
    def __init__(self, **options: Any) -> None:
        super().__init__(to_criteria, **options)


# --- out --------------------------------------------------------------------------------------------------------------


class McDmWebhookSerializer(serializers.Serializer[Any]):
    webhook_id = serializers.IntegerField(read_only=True)
    title = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True)
    events = EventsField(read_only=True)
    criteria = CriteriaField(read_only=True)
    content_type = serializers.ChoiceField(choices=BODIES, read_only=True)
    ssl_verify = serializers.BooleanField(read_only=True)
    active = serializers.BooleanField(read_only=True)
    public_id = serializers.CharField(read_only=True)
    format = serializers.ChoiceField(choices=FORMATS, read_only=True)
    download_id = serializers.IntegerField(read_only=True, help_text="0: none")
    organization_id = serializers.IntegerField(read_only=True, help_text="0: none")
    state = serializers.ChoiceField(choices=Endpoint.State.choices, read_only=True)
    state_reason = serializers.CharField(read_only=True, help_text="Why the hub disabled it")
    failing_since = serializers.IntegerField(read_only=True, help_text="Unix seconds; 0: the last attempt succeeded")
    earlier_secret_until = serializers.IntegerField(
        read_only=True, help_text="Unix seconds; until then the secret before the last rotation signs as well. 0: none"
    )
    created_date = serializers.IntegerField(read_only=True, help_text="Unix seconds")

    def to_representation(self, endpoint: Endpoint) -> dict[str, Any]:
        format_, content_type = from_format(endpoint.format)
        earlier = endpoint.previous_secret_until if endpoint.is_earlier_secret_valid else None
        return {
            "webhook_id": endpoint.pk,
            "title": endpoint.title,
            "description": endpoint.description,
            "url": endpoint.url,
            "events": from_filter(endpoint.events),
            "criteria": from_criteria(endpoint.criteria),
            "content_type": content_type,
            "ssl_verify": endpoint.verify_tls,
            "active": endpoint.is_active,
            "public_id": endpoint.public_id,
            "format": format_,
            "download_id": endpoint.download_id or 0,
            "organization_id": endpoint.organization_id or 0,
            "state": endpoint.state,
            "state_reason": endpoint.disabled_reason,
            "failing_since": epoch(endpoint.failing_since),
            "earlier_secret_until": epoch(earlier),
            "created_date": epoch(endpoint.created_at),
        }


class McDmWebhookSecretSerializer(McDmWebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown in this answer, and nowhere else")


class McDmAttemptSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(read_only=True)
    result = serializers.ChoiceField(choices=Attempt.Result.choices, read_only=True)
    started_date = serializers.IntegerField(read_only=True, help_text="Unix seconds")
    duration_ms = serializers.IntegerField(read_only=True)
    status_code = serializers.IntegerField(read_only=True, help_text="0: there was no answer")
    error = serializers.CharField(read_only=True)
    request_headers = serializers.DictField(child=serializers.CharField(), read_only=True)
    response = serializers.CharField(read_only=True, help_text="The first 4 KiB of the answer's body")
    next_attempt_date = serializers.IntegerField(read_only=True, help_text="Unix seconds; 0: none")

    def to_representation(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "number": attempt.number,
            "result": attempt.result,
            "started_date": epoch(attempt.started_at),
            "duration_ms": attempt.duration_ms,
            "status_code": attempt.status_code or 0,
            "error": attempt.error,
            "request_headers": attempt.request_headers,
            "response": attempt.response,
            "next_attempt_date": epoch(attempt.next_attempt_at),
        }


class McDmDeliverySerializer(serializers.Serializer[Any]):
    """`context`: bodies (delivery -> text)."""

    delivery_id = serializers.CharField(read_only=True, help_text="The header `webhook-id`")
    event = serializers.CharField(read_only=True, help_text="As the hub calls it, such as version.published")
    content_id = serializers.IntegerField(read_only=True, help_text="Of the download, version or file")
    format = serializers.ChoiceField(choices=FORMATS, read_only=True)
    content_type = serializers.ChoiceField(choices=BODIES, read_only=True)
    state = serializers.ChoiceField(choices=Delivery.State.choices, read_only=True)
    attempt_count = serializers.IntegerField(read_only=True)
    created_date = serializers.IntegerField(read_only=True, help_text="Unix seconds")
    finished_date = serializers.IntegerField(read_only=True, help_text="Unix seconds; 0: not yet")
    next_attempt_date = serializers.IntegerField(read_only=True, help_text="Unix seconds; 0: there will be none")
    request_body = serializers.CharField(read_only=True, allow_null=True, help_text="null before the first attempt")
    attempts = McDmAttemptSerializer(many=True, read_only=True)

    def to_representation(self, delivery: Delivery) -> dict[str, Any]:
        format_, content_type = from_format(delivery.format)
        is_waiting = delivery.state == Delivery.State.PENDING
        return {
            "delivery_id": delivery.webhook_id,
            "event": delivery.event.type,
            "content_id": delivery.event.object_id,
            "format": format_,
            "content_type": content_type,
            "state": delivery.state,
            "attempt_count": delivery.attempt_count,
            "created_date": epoch(delivery.created_at),
            "finished_date": epoch(delivery.finished_at),
            "next_attempt_date": epoch(delivery.next_attempt_at) if is_waiting else 0,
            "request_body": self.context["bodies"].get(delivery.pk),
            "attempts": [McDmAttemptSerializer().to_representation(attempt) for attempt in delivery.attempts.all()],
        }


class McDmReplaySerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    count = serializers.IntegerField(help_text="Deliveries")


# --- in ---------------------------------------------------------------------------------------------------------------


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.CharField):
    def to_internal_value(self, data: Any) -> Any:
        try:
            return parse_moment(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class McDmWebhookUpdateSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=100, required=False, allow_blank=True)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    url = serializers.CharField(max_length=2000, required=False)
    events = EventsField(required=False)
    criteria = CriteriaField(required=False)
    format = serializers.ChoiceField(choices=FORMATS, required=False)
    content_type = serializers.ChoiceField(
        choices=BODIES, required=False, help_text="`form` with the format mc_dm only"
    )
    ssl_verify = FlagField(required=False, source="verify_tls", help_text="Only staff may switch it off")
    active = FlagField(required=False, source="is_active")


class McDmSecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(max_length=200, required=False, help_text="Made up unless given")


class McDmWebhookCreateSerializer(McDmWebhookUpdateSerializer, McDmSecretSerializer):
    url = serializers.CharField(max_length=2000)
    events = EventsField(default=lambda: to_filter(dict.fromkeys(CONTENT_TYPES, "*")), help_text="All unless given")
    download_id = UnsignedField(default=0, help_text="0: none")
    organization_id = UnsignedField(default=0, help_text="0: none; without either it belongs to the site")


class McDmRangeSerializer(serializers.Serializer[Any]):
    since = MomentField(help_text="ISO 8601")
    until = MomentField(help_text="ISO 8601; itself not included")
