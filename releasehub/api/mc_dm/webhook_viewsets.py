"""`/api/mc-dm-webhooks/`: endpoints, their secrets and deliveries. Ours: the dialect itself has no such routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
    inline_serializer,
)
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from downloads.webhooks import ensure_download
from releasehub.accounts.models import Organization
from releasehub.api.common.caching import confidential
from releasehub.api.mc_dm.filters import McDmWebhookFilterSet
from releasehub.api.mc_dm.schema import PAGING, SINCE, UNITS, McDmPaginationSerializer, McDmSuccessSerializer
from releasehub.api.mc_dm.viewsets import FIELD_NAMES, McDmViewSet
from releasehub.api.mc_dm.webhook_serializers import (
    McDmDeliverySerializer,
    McDmRangeSerializer,
    McDmReplaySerializer,
    McDmSecretSerializer,
    McDmWebhookCreateSerializer,
    McDmWebhookSecretSerializer,
    McDmWebhookSerializer,
    McDmWebhookUpdateSerializer,
)
from releasehub.api.mc_dm.webhook_terms import UnknownTerm, to_format
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, Invalid, NotFound
from releasehub.webhooks import endpoints, replays
from releasehub.webhooks.endpoints import check_url, create_endpoint, delete_endpoint, rotate_secret, update_endpoint
from releasehub.webhooks.events import EventType
from releasehub.webhooks.log import bodies_of, delivery_log, find_delivery
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy, visible_endpoints

ORDER = {"created_date": "created_at", "title": "title"}
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
ONE = OpenApiResponse(
    inline_serializer("McDmWebhookItem", {"webhook": McDmWebhookSerializer()}),
    examples=[OpenApiExample("Webhook", value={"webhook": EXAMPLE}, response_only=True)],
)
SECRET = inline_serializer("McDmWebhookSecretItem", {"webhook": McDmWebhookSecretSerializer()})
MANY = inline_serializer(
    "McDmWebhookList", {"webhooks": McDmWebhookSerializer(many=True), "pagination": McDmPaginationSerializer()}
)
DELIVERY = inline_serializer("McDmDeliveryItem", {"delivery": McDmDeliverySerializer()})
DELIVERIES = inline_serializer(
    "McDmDeliveryList", {"deliveries": McDmDeliverySerializer(many=True), "pagination": McDmPaginationSerializer()}
)
for listed in (MANY, DELIVERIES):
    extend_schema_serializer(many=False)(type(listed))
PAGES = tuple(parameter for parameter in PAGING if parameter.name != "with")
DELIVERY_PATH = r"deliveries/(?P<delivery_id>msg_[a-z0-9]+_[0-9]+)"


def written(summary: str, request: Any = None, answer: Any = ONE) -> Any:
    return extend_schema(summary=summary, description=UNITS, request=request, responses={200: answer})


@extend_schema_view(
    list=extend_schema(
        summary="List webhook endpoints",
        description="Those of downloads and organisations the caller manages; for staff all.",
        parameters=[
            OpenApiParameter("download_id", int),
            OpenApiParameter("organization_id", int),
            OpenApiParameter("state", str, enum=Endpoint.State.values),
            SINCE,
            OpenApiParameter("order", str, enum=list(ORDER), description="The first unless told otherwise."),
            *PAGES,
        ],
        responses=MANY,
        filters=False,
    ),
    retrieve=written("Get a webhook endpoint"),
    create=written("Create a webhook endpoint", McDmWebhookCreateSerializer, SECRET),
    update=written("Change a webhook endpoint: what is left out stays", McDmWebhookUpdateSerializer),
    destroy=written("Delete a webhook endpoint with its deliveries", answer=McDmSuccessSerializer),
    rotate=written("Replace the secret; the one before signs as well for a day", McDmSecretSerializer, SECRET),
    test=written("Send a test event", answer=DELIVERY),
    pause=written("Pause: deliveries wait"),
    resume=written("Resume what was paused, or disabled by the hub"),
    replay_failed=written("Send all failed deliveries again", answer=McDmReplaySerializer),
    replay=written("Send all deliveries of a range of time again", McDmRangeSerializer, McDmReplaySerializer),
    cancel_pending=written("Give up what waits", answer=McDmReplaySerializer),
    deliveries=extend_schema(
        summary="List deliveries, the newest first",
        description=UNITS,
        parameters=[
            OpenApiParameter("state", str, enum=Delivery.State.values),
            OpenApiParameter("event", str, enum=EventType.values),
            *(parameter for parameter in PAGES if parameter.name != "direction"),
        ],
        responses=DELIVERIES,
        filters=False,
    ),
    replay_delivery=written("Send a delivery again, under the same id", answer=DELIVERY),
)
@extend_schema(tags=["webhooks"])
class McDmWebhookViewSet(McDmViewSet):
    queryset = Endpoint.objects.all()
    serializer_class = McDmWebhookSerializer
    filterset_class = McDmWebhookFilterSet
    policy = endpoint_policy
    item_key, list_key = "webhook", "webhooks"
    ordering = ORDER
    field_names = FIELD_NAMES | {"verify_tls": "ssl_verify", "is_active": "active"}
    required_scopes = {
        **dict.fromkeys(("list", "retrieve", "deliveries"), Scope.WEBHOOK_READ),
        **dict.fromkeys(("create", "update", "destroy", "rotate", "test", "pause", "resume"), Scope.WEBHOOK_WRITE),
        **dict.fromkeys(("replay_failed", "replay", "replay_delivery", "cancel_pending"), Scope.WEBHOOK_WRITE),
    }

    def rows(self) -> models.QuerySet[Endpoint]:
        return visible_endpoints(self.actor)

    def serializer_and_context(self, objects: Sequence[Any]) -> tuple[type[BaseSerializer[Any]], dict[str, Any]]:
        return McDmWebhookSerializer, {}

    def prepare(self) -> None:
        """Names are looked up before any transaction; the service looks again."""
        kinds = {"create": McDmWebhookCreateSerializer, "update": McDmWebhookUpdateSerializer}
        if self.action == "update":
            self.endpoint()
        if self.action in kinds and (url := self.parsed(kinds[self.action]).get("url")):
            check_url(url)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.one(self.endpoint())

    def create(self, request: Request) -> Response:
        fields = self.parsed(McDmWebhookCreateSerializer)
        scope = _scope(fields.pop("download_id"), fields.pop("organization_id"))
        endpoint, secret = create_endpoint(actor=self.actor, **scope, **_with_format(fields, Endpoint.Format.STANDARD))
        return self.with_secret(endpoint, secret)

    def update(self, request: Request, pk: str) -> Response:
        endpoint = self.endpoint()
        fields = _with_format(self.parsed(McDmWebhookUpdateSerializer), endpoint.format)
        self.check_match(lambda: Endpoint.objects.select_for_update().get(pk=pk))
        return self.one(update_endpoint(actor=self.actor, endpoint=endpoint, **fields))

    def destroy(self, request: Request, pk: str) -> Response:
        endpoint = self.endpoint()
        self.check_match(lambda: Endpoint.objects.select_for_update().get(pk=pk))
        delete_endpoint(actor=self.actor, endpoint=endpoint)
        return self.success()

    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        endpoint = self.endpoint()
        return self.with_secret(
            endpoint, rotate_secret(actor=self.actor, endpoint=endpoint, **self.parsed(McDmSecretSerializer))
        )

    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        delivery = endpoints.send_test_event(actor=self.actor, endpoint=self.endpoint())
        return self.delivery(delivery.webhook_id)

    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        return self.one(endpoints.pause_endpoint(actor=self.actor, endpoint=self.endpoint()))

    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        return self.one(endpoints.resume_endpoint(actor=self.actor, endpoint=self.endpoint()))

    @action(detail=True, methods=["post"])
    def replay_failed(self, request: Request, pk: str) -> Response:
        return _counted(replays.replay_failed(actor=self.actor, endpoint=self.endpoint()))

    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        endpoint = self.endpoint()
        return _counted(replays.replay_range(actor=self.actor, endpoint=endpoint, **self.parsed(McDmRangeSerializer)))

    @action(detail=True, methods=["post"])
    def cancel_pending(self, request: Request, pk: str) -> Response:
        return _counted(replays.cancel_pending(actor=self.actor, endpoint=self.endpoint()))

    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, pk: str) -> Response:
        """A filter that is not known is left out, as an unknown order is."""
        asked = request.query_params
        rows = delivery_log(
            self.endpoint(),
            state=asked["state"] if asked.get("state") in Delivery.State.values else "",
            event=asked["event"] if asked.get("event") in EventType.values else "",
        )
        page = self.paginate_queryset(rows) or []
        block = self.paginator.block()  # type: ignore[union-attr]
        return Response({"deliveries": _shown_deliveries(page), "pagination": block})

    @action(detail=True, methods=["post"], url_path=f"{DELIVERY_PATH}/replay", url_name="replay-delivery")
    def replay_delivery(self, request: Request, pk: str, delivery_id: str) -> Response:
        replays.replay_delivery(actor=self.actor, delivery=find_delivery(self.endpoint(), delivery_id))
        return self.delivery(delivery_id)

    def endpoint(self) -> Endpoint:
        """Errors: Http404."""
        found: Endpoint = self.found(Endpoint.objects.all(), self.kwargs["pk"])
        return found

    def delivery(self, webhook_id: str) -> Response:
        return Response({"delivery": _shown_deliveries([find_delivery(self.endpoint(), webhook_id)])[0]})

    def with_secret(self, endpoint: Endpoint, secret: str) -> Response:
        """The one answer that has it; a repeated request gets it from where it is kept sealed."""
        response = self.one(endpoint)
        response.data["webhook"]["secret"] = secret
        return confidential(response)


def _shown_deliveries(rows: Sequence[Delivery]) -> list[dict[str, Any]]:
    serializer = McDmDeliverySerializer(context={"bodies": bodies_of(rows)})
    return [serializer.to_representation(row) for row in rows]


def _counted(count: int) -> Response:
    return Response({"success": True, "count": count})


def _with_format(fields: dict[str, Any], current: str) -> dict[str, Any]:
    """`format` and `content_type` as the hub's one format.  Errors: Invalid."""
    content_type = fields.pop("content_type", "")
    if content_type or "format" in fields:
        try:
            fields["format"] = to_format(current, fields.get("format", ""), content_type)
        except UnknownTerm as error:
            raise Invalid(ErrorCode.INVALID, str(error), field="content_type") from error
    return fields


def _scope(download_id: int, organization_id: int) -> dict[str, Any]:
    """What the endpoint is to belong to.  Errors: NotFound."""
    scope: dict[str, Any] = {}
    if download_id:
        ensure_download(download_id)
        scope["download_id"] = download_id
    if organization_id:
        scope["organization"] = Organization.objects.filter(pk=organization_id).first()
        if scope["organization"] is None:
            raise NotFound
    return scope
