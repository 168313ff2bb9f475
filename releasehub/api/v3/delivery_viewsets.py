"""`/v3/webhook-event-logs`: the deliveries of webhooks."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.model_mixins import ListModelMixin
from releasehub.api.v3.filters import V3WebhookEventLogFilterSet
from releasehub.api.v3.viewsets import V3ModelViewSet
from releasehub.api.v3.webhook_serializers import V3WebhookEventLogSerializer
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.webhooks.log import bodies_of, visible_deliveries, with_webhook_id
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.replays import replay_delivery

LOG = {200: V3WebhookEventLogSerializer}


@extend_schema_view(
    list=extend_schema(
        summary="List the deliveries of webhooks",
        description="In the order of creation; `sort=-createdAt` lists the newest first.",
    ),
    retrieve=extend_schema(summary="Get a delivery"),
    retry=extend_schema(summary="Send a delivery again", description="Not in the original API."),
)
class V3WebhookEventLogViewSet(ListModelMixin, V3ModelViewSet):
    queryset = Delivery.objects.all()
    serializer_class = V3WebhookEventLogSerializer
    filterset_class = V3WebhookEventLogFilterSet
    lookup_value_regex = "[A-Za-z0-9_-]{1,64}"
    # Deliveries get their ids in the order of their creation. Their times come from the database, and SQLite writes
    # them with fewer digits than Django compares, so that a cursor could not tell a row from the ones after it.
    ordering = {"createdAt": "id"}
    default_order = ("id",)
    required_scopes = {"list": Scope.WEBHOOK_READ, "retrieve": Scope.WEBHOOK_READ, "retry": Scope.WEBHOOK_WRITE}

    def get_queryset(self) -> models.QuerySet[Any]:
        return deliveries_of(self.actor)

    def get_object(self) -> Delivery:
        return find_delivery(self.actor, self.kwargs["public_id"])

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        return {"bodies": bodies_of(instances)}

    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return a delivery, without an ETag: the worker changes it at any time, and no request does."""
        return Response(self.get_serializer(self.get_object()).data)

    @action(detail=True, methods=["post"])
    def retry(self, request: Request, public_id: str) -> Response:
        replay_delivery(actor=self.actor, delivery=self.get_object())
        return self.retrieve(request, public_id)


def deliveries_of(actor: Actor) -> models.QuerySet[Delivery]:
    """Return the deliveries of the v3 format that the actor may see; only their events have names here."""
    return visible_deliveries(actor).filter(format=Endpoint.Format.V3, endpoint__format=Endpoint.Format.V3)


def find_delivery(actor: Actor, webhook_id: str) -> Delivery:
    delivery = with_webhook_id(deliveries_of(actor), webhook_id).first()
    if delivery is None:
        raise Http404
    return delivery
