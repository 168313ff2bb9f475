"""The shapes of webhook endpoints and their deliveries in the mc-dm dialect, in responses and in request bodies."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from releasehub.api.common.fields import FlagField, UnsignedField
from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.api.mc_dm.fields import EpochField, OptionalIdField, epoch
from releasehub.api.mc_dm.foreign_terms import DIALECT, foreign_criteria, foreign_events, with_foreign_events
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
    to_format,
)
from releasehub.core.errors import Invalid
from releasehub.core.json import read_json
from releasehub.webhooks.authentication import MAX_NAME_CHARACTERS, MAX_SECRET_CHARACTERS
from releasehub.webhooks.filters import KINDS
from releasehub.webhooks.models import Endpoint

EVENTS_SCHEMA = {
    "type": "object",
    "additionalProperties": {
        "oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string", "const": "*"}]
    },
    "description": f"Content type ({', '.join(CONTENT_TYPES)}) -> `*` or names of events; one left out sends nothing.",
}
CRITERIA_SCHEMA = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": {}},
    "description": (
        "Content type -> `categories` (ids), `prefixes` (download: ids; 0: none), "
        "`password_protected` (download), `published` (version): any, yes, no; "
        "`validation` (file): any, pending, validated, failed; `rating_min`, `rating_max` (review): 1 to 5; "
        "`fields`: field of the data -> values that pass."
    ),
}


class TermsField(serializers.JSONField):
    """An object with the names of the dialect, or its JSON text in a form."""

    def read(self, terms: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of the endpoint that store the object."""
        raise NotImplementedError

    def to_internal_value(self, data: Any) -> Any:
        try:
            terms = read_json(data.encode("utf-8", "replace")) if isinstance(data, str) else data
        except ValueError:
            self.fail("invalid")
        if not isinstance(terms, dict):
            self.fail("invalid")
        try:
            return self.read(terms)
        except UnknownTerm as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field(EVENTS_SCHEMA)
class McDmEventsField(TermsField):
    def read(self, terms: dict[str, Any]) -> dict[str, Any]:
        return {"events": to_filter(terms), "foreign_events": {DIALECT: foreign_events(terms)}}


@extend_schema_field(CRITERIA_SCHEMA)
class CriteriaField(TermsField):
    def read(self, terms: dict[str, Any]) -> dict[str, Any]:
        return {"criteria": to_criteria(terms), "foreign_criteria": foreign_criteria(terms)}


class McDmWebhookSerializer(ReadOnlySerializer):
    webhook_id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    description = serializers.CharField()
    url = serializers.CharField()
    events = McDmEventsField()
    criteria = CriteriaField()
    content_type = serializers.ChoiceField(choices=BODIES)
    ssl_verify = serializers.BooleanField(source="verify_tls")
    active = serializers.BooleanField(source="is_active")
    auth_type = serializers.ChoiceField(
        choices=Endpoint.AuthType.choices, help_text="How the hub authenticates at the receiver"
    )
    auth_name = serializers.CharField(help_text="The user name, or the name of the header")
    public_id = serializers.CharField()
    format = serializers.ChoiceField(choices=FORMATS)
    download_id = OptionalIdField(help_text="0: none")
    organization_id = OptionalIdField(help_text="0: none")
    state = serializers.ChoiceField(choices=Endpoint.State.choices)
    state_reason = serializers.CharField(source="disabled_reason", help_text="Why the hub disabled the endpoint")
    failing_since = EpochField(help_text="Unix seconds; 0: the last attempt succeeded")
    earlier_secret_until = EpochField(
        help_text="Unix seconds; when the previous secret stops to sign deliveries. 0: it already has"
    )
    created_date = EpochField(source="created_at", help_text="Unix seconds")

    def get_events(self, endpoint: Endpoint) -> dict[str, Any]:
        return with_foreign_events(from_filter(endpoint.events), endpoint.foreign_events.get(DIALECT, {}))

    def get_criteria(self, endpoint: Endpoint) -> dict[str, Any]:
        return {**from_criteria(endpoint.criteria), **endpoint.foreign_criteria}

    def get_content_type(self, endpoint: Endpoint) -> str:
        return from_format(endpoint.format)[1]

    def get_format(self, endpoint: Endpoint) -> str:
        return from_format(endpoint.format)[0]

    def get_earlier_secret_until(self, endpoint: Endpoint) -> int:
        return epoch(endpoint.previous_secret_until if endpoint.is_previous_secret_valid else None)


class McDmWebhookSecretSerializer(McDmWebhookSerializer):
    """The response that shows the secret; the view adds its value, which no row contains in plain text."""

    secret = serializers.CharField(help_text="Shown only in this response")


class McDmWebhookUpdateSerializer(InputSerializer):
    title = serializers.CharField(max_length=100, required=False, allow_blank=True)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    url = serializers.CharField(max_length=2000, required=False)
    events = McDmEventsField(required=False)
    criteria = CriteriaField(required=False)
    format = serializers.ChoiceField(choices=FORMATS, required=False)
    content_type = serializers.ChoiceField(
        choices=BODIES, required=False, help_text="`form` only with the format `mc_dm`"
    )
    ssl_verify = FlagField(required=False, source="verify_tls", help_text="Only staff may turn this off")
    active = FlagField(required=False, source="is_active")
    auth_type = serializers.ChoiceField(
        choices=Endpoint.AuthType.choices,
        required=False,
        help_text="`none` removes the authentication. A URL with `user:password@` sets `basic`.",
    )
    auth_name = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS,
        required=False,
        allow_blank=True,
        help_text="The user name, or the name of the header",
    )
    auth_secret = serializers.CharField(
        max_length=MAX_SECRET_CHARACTERS,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The password, or the value of the header. No response contains it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Combine `format` and `content_type` to the format that the hub stores, and unpack events and criteria."""
        for name in ("events", "criteria"):
            attrs |= attrs.pop(name, {})
        content_type = attrs.pop("content_type", "")
        if content_type or "format" in attrs:
            current = self.instance.format if self.instance else Endpoint.Format.STANDARD
            try:
                attrs["format"] = to_format(current, attrs.get("format", ""), content_type)
            except UnknownTerm as error:
                raise Invalid(str(error), field="content_type") from error
        return attrs


class McDmSecretSerializer(InputSerializer):
    secret = serializers.CharField(max_length=200, required=False, help_text="Generated by default")


class McDmWebhookCreateSerializer(McDmWebhookUpdateSerializer, McDmSecretSerializer):
    events = McDmEventsField(
        default=lambda: {"events": [f"{kind}.*" for kind in KINDS]},
        help_text="All events by default, except those of single downloads of files (`download_…` and `gate_…`)",
    )
    download_id = UnsignedField(default=0, help_text="0: none")
    organization_id = UnsignedField(
        default=0, help_text="0: none. Without a download or an organization, the endpoint belongs to the site"
    )
    required_fields = ("url",)
