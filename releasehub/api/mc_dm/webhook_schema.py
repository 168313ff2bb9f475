"""The OpenAPI documentation of `/api/mc-dm-webhooks/`."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
    inline_serializer,
)

from releasehub.api.mc_dm.delivery_serializers import McDmDeliverySerializer, McDmReplaySerializer
from releasehub.api.mc_dm.schema import PAGING, SINCE, UNITS, McDmPaginationSerializer, McDmSuccessSerializer
from releasehub.api.mc_dm.webhook_serializers import (
    McDmWebhookSecretSerializer,
    McDmWebhookSerializer,
)
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Delivery, Endpoint

ORDER = {"created_date": "created_at", "title": "title"}  # the values of `order`, and the fields
EXAMPLE = {
    "webhook_id": 3,
    "title": "Mirror",
    "description": "",
    "url": "https://mirror.example.org/hook",
    "events": {"mc_dm_version": ["publish", "unpublish"], "mc_dm_file": "*"},
    "criteria": {"mc_dm_version": {"categories": [4], "published": "yes"}},
    "content_type": "json",
    "ssl_verify": True,
    "active": True,
    "auth_type": "none",
    "auth_name": "",
    "public_id": "k3m9x0q8z2v5b7n1c4d6f8gh",
    "format": "mc_dm",
    "download_id": 42,
    "organization_id": 0,
    "state": "sending",
    "state_reason": "",
    "failing_since": 0,
    "earlier_secret_until": 0,
    "created_date": 1746200000,
}
WEBHOOK_RESPONSE = OpenApiResponse(
    inline_serializer("McDmWebhookItem", {"webhook": McDmWebhookSerializer()}),
    examples=[OpenApiExample("Webhook", value={"webhook": EXAMPLE}, response_only=True)],
)
SECRET_RESPONSE = inline_serializer("McDmWebhookSecretItem", {"webhook": McDmWebhookSecretSerializer()})
LIST_RESPONSE = inline_serializer(
    "McDmWebhookList", {"webhooks": McDmWebhookSerializer(many=True), "pagination": McDmPaginationSerializer()}
)
DELIVERY_RESPONSE = inline_serializer("McDmDeliveryItem", {"delivery": McDmDeliverySerializer()})
DELIVERIES_RESPONSE = inline_serializer(
    "McDmDeliveryList", {"deliveries": McDmDeliverySerializer(many=True), "pagination": McDmPaginationSerializer()}
)
for list_response in (LIST_RESPONSE, DELIVERIES_RESPONSE):
    extend_schema_serializer(many=False)(type(list_response))
PAGES = tuple(parameter for parameter in PAGING if parameter.name != "with")


def write_schema(summary: str, answer: Any = WEBHOOK_RESPONSE) -> Any:
    return extend_schema(summary=summary, description=UNITS, responses={200: answer})


document_webhooks = extend_schema_view(
    list=extend_schema(
        summary="List webhook endpoints",
        description="The endpoints of downloads and organizations that the caller manages. Staff see all endpoints.",
        parameters=[
            OpenApiParameter("download_id", int),
            OpenApiParameter("organization_id", int),
            OpenApiParameter("state", str, enum=Endpoint.State.values),
            SINCE,
            OpenApiParameter("order", str, enum=list(ORDER), description=f"The default is `{next(iter(ORDER))}`."),
            *PAGES,
        ],
        responses=LIST_RESPONSE,
    ),
    retrieve=write_schema("Get a webhook endpoint"),
    create=write_schema("Create a webhook endpoint", SECRET_RESPONSE),
    update=write_schema("Change a webhook endpoint; fields left out stay as they are"),
    destroy=write_schema("Delete a webhook endpoint with its deliveries", McDmSuccessSerializer),
    rotate=write_schema("Replace the secret; the previous one stays valid for a day", SECRET_RESPONSE),
    test=write_schema("Send test event", DELIVERY_RESPONSE),
    pause=write_schema("Pause an endpoint; its deliveries wait"),
    resume=write_schema("Resume an endpoint that was paused, or disabled by the hub"),
    replay_failed=write_schema("Retry all failed deliveries", McDmReplaySerializer),
    replay=write_schema("Send all deliveries of a period again", McDmReplaySerializer),
    cancel_pending=write_schema("Cancel all pending deliveries", McDmReplaySerializer),
    deliveries=extend_schema(
        summary="List deliveries, newest first",
        description=UNITS,
        parameters=[
            OpenApiParameter("state", str, enum=Delivery.State.values),
            OpenApiParameter("event", str, enum=EventType.values),
            *(parameter for parameter in PAGES if parameter.name != "direction"),
        ],
        responses=DELIVERIES_RESPONSE,
    ),
    replay_delivery=write_schema("Send a delivery again with the same id", DELIVERY_RESPONSE),
)
