"""`/api/events`: every event in one stream, read from a place on."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.envelope import HubEnvelopeMixin
from releasehub.api.common.fields import UnsignedField
from releasehub.api.common.viewsets import HubViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Event
from releasehub.webhooks.stream import read_stream

KINDS = sorted({name.partition(".")[0] for name in EventType.values})
TYPES = [*EventType.values, *(f"{kind}.*" for kind in KINDS)]


class EventQuerySerializer(serializers.Serializer[Any]):
    after = UnsignedField(required=False, default=0, help_text="`next_after` of the page before; 0: from the beginning")
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=500)
    type = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES),
        required=False,
        default=list,
        help_text="Also `version.*`",
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
    next_after = serializers.IntegerField(help_text="Ask for what comes after this next time")
    has_more = serializers.BooleanField(help_text="There is more already")


@extend_schema(tags=["events"])
class EventViewSet(HubEnvelopeMixin, HubViewSet):
    """What an endpoint of the caller could be sent, in the order in which it was committed."""

    queryset = Event.objects.all()
    pagination_class = None
    open_actions = frozenset()
    required_scopes = {"stream": Scope.WEBHOOK_READ}

    @extend_schema(
        summary="Events after a place in the stream",
        parameters=[EventQuerySerializer],
        responses={200: EventPageSerializer},
    )
    def stream(self, request: Request) -> Response:
        query = self.get_validated_query(EventQuerySerializer)
        page = read_stream(
            self.actor,
            after=query["after"],
            limit=query["limit"],
            types=query["type"],
            download_id=query["download_id"],
        )
        events = EventSerializer(page.events, many=True).data
        return Response({"events": events, "next_after": page.next_after, "has_more": page.has_more})
