"""The shapes of the event stream: its query, and a page of events."""

from datetime import UTC
from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import UnsignedField
from releasehub.api.common.serializers import QuerySerializer
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Event

KINDS = sorted({name.partition(".")[0] for name in EventType.values})
TYPES = [*EventType.values, *(f"{kind}.*" for kind in KINDS)]


class EventQuerySerializer(QuerySerializer):
    after = UnsignedField(
        required=False, default=0, help_text="`next_after` of the previous page; 0: from the beginning"
    )
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=500)
    type = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES),
        required=False,
        default=list,
        source="types",
        help_text="Only events of these types; `version.*` selects all types of an object",
    )
    download_id = UnsignedField(required=False, default=None)


class EventSerializer(serializers.ModelSerializer[Event]):
    id = serializers.CharField(source="public_id")
    timestamp = serializers.DateTimeField(source="occurred_at", default_timezone=UTC)

    class Meta:
        model = Event
        fields = ("position", "id", "type", "timestamp", "object_type", "object_id", "sequence", "download_id", "data")
        read_only_fields = fields


class EventPageSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    next_after = serializers.IntegerField(help_text="The value of `after` for the next page")
    has_more = serializers.BooleanField(help_text="Whether there are further events already")
    is_truncated = serializers.BooleanField(
        help_text="Whether events after the requested position have been deleted, so that you may have missed some"
    )
