"""`/api/events`: the stream of all events, read from a position on."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.native.event_serializers import EventPageSerializer, EventQuerySerializer
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.webhooks.stream import read_stream


@extend_schema(tags=["events"])
class EventViewSet(NativeViewSet):
    """The events that an endpoint of the caller could receive, in the order in which they were committed."""

    open_actions = frozenset()
    required_scopes = {"stream": Scope.WEBHOOK_READ}

    @extend_schema(
        summary="Read events after a position in the stream",
        description="The events that a webhook of the caller could receive, in the order in which they were committed.",
        parameters=[EventQuerySerializer],
        responses={200: EventPageSerializer},
    )
    def stream(self, request: Request) -> Response:
        page = read_stream(self.actor, **self.get_validated_query(EventQuerySerializer))
        return Response(EventPageSerializer(page).data)
