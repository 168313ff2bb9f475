"""`/api/mc-dm-webhooks/`: endpoints, their secrets and deliveries. The original dialect has no such routes."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.webhooks import ensure_download
from releasehub.accounts.models import Organization
from releasehub.api.common.caching import confidential
from releasehub.api.common.model_mixins import ListModelMixin, RetrieveModelMixin, UpdateModelMixin
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.mc_dm.delivery_serializers import McDmDeliverySerializer, McDmRangeSerializer
from releasehub.api.mc_dm.filters import McDmWebhookFilterSet
from releasehub.api.mc_dm.viewsets import FIELD_NAMES, McDmCreateMixin, McDmDestroyMixin, McDmViewSet
from releasehub.api.mc_dm.webhook_schema import ORDER, document_webhooks
from releasehub.api.mc_dm.webhook_serializers import (
    McDmSecretSerializer,
    McDmWebhookCreateSerializer,
    McDmWebhookSerializer,
    McDmWebhookUpdateSerializer,
)
from releasehub.apikeys.scopes import Scope
from releasehub.core.querysets import first_or_not_found
from releasehub.webhooks import endpoint_states, replays
from releasehub.webhooks.endpoint_fields import check_url
from releasehub.webhooks.endpoint_secrets import rotate_secret
from releasehub.webhooks.endpoints import create_endpoint, delete_endpoint, update_endpoint
from releasehub.webhooks.events import EventType
from releasehub.webhooks.log import bodies_of, delivery_log, find_delivery
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import visible_endpoints

DELIVERY_PATH = r"deliveries/(?P<delivery_id>msg_[a-z0-9]+_[0-9]+)"


@document_webhooks
@extend_schema(tags=["webhooks"])
class McDmWebhookViewSet(
    ListModelMixin, RetrieveModelMixin, McDmCreateMixin, UpdateModelMixin, McDmDestroyMixin, McDmViewSet
):
    queryset = Endpoint.objects.all()
    serializer_class = McDmWebhookSerializer
    input_serializer_classes = {
        "create": McDmWebhookCreateSerializer,
        "update": McDmWebhookUpdateSerializer,
        "rotate": McDmSecretSerializer,
        "replay": McDmRangeSerializer,
    }
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

    def get_queryset(self) -> models.QuerySet[Endpoint]:
        return visible_endpoints(self.actor)

    def prepare(self) -> None:
        """Resolve the host name of the URL before the transaction; the service checks the URL again."""
        if self.action in {"create", "update"}:
            endpoint = self.get_object() if self.action == "update" else None
            if url := self.get_input_serializer(endpoint).validated_data.get("url"):
                check_url(url)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        fields = self.get_validated_data()
        scope = _scope(fields.pop("download_id"), fields.pop("organization_id"))
        endpoint, secret = create_endpoint(actor=self.actor, **scope, **fields)
        return self.get_secret_response(endpoint, secret)

    def perform_update(self, serializer: InputSerializer) -> None:
        endpoint = serializer.instance
        serializer.instance = update_endpoint(actor=self.actor, endpoint=endpoint, **serializer.validated_data)

    def perform_destroy(self, instance: Endpoint) -> None:
        delete_endpoint(actor=self.actor, endpoint=instance)

    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        endpoint = self.get_object()
        secret = rotate_secret(actor=self.actor, endpoint=endpoint, **self.get_validated_data())
        return self.get_secret_response(endpoint, secret)

    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        endpoint = endpoint_states.pause_endpoint(actor=self.actor, endpoint=self.get_object())
        return self.get_object_response(self.reload(endpoint))

    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        endpoint = endpoint_states.resume_endpoint(actor=self.actor, endpoint=self.get_object())
        return self.get_object_response(self.reload(endpoint))

    def get_secret_response(self, endpoint: Endpoint, secret: str) -> Response:
        """Return the only response that contains the secret.

        A request repeated with the same `Idempotency-Key` gets it as well, from the encrypted stored response.
        """
        response = self.get_object_response(self.reload(endpoint))
        response.data["webhook"]["secret"] = secret
        return confidential(response)

    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        delivery = endpoint_states.send_test_event(actor=self.actor, endpoint=self.get_object())
        return self.get_delivery_response(delivery.webhook_id)

    @action(detail=True, methods=["post"])
    def replay_failed(self, request: Request, pk: str) -> Response:
        return _count_response(replays.replay_failed(actor=self.actor, endpoint=self.get_object()))

    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        endpoint = self.get_object()
        return _count_response(replays.replay_range(actor=self.actor, endpoint=endpoint, **self.get_validated_data()))

    @action(detail=True, methods=["post"])
    def cancel_pending(self, request: Request, pk: str) -> Response:
        return _count_response(replays.cancel_pending(actor=self.actor, endpoint=self.get_object()))

    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, pk: str) -> Response:
        """Return a page of deliveries. An unknown value of a filter is ignored, as an unknown `order` is."""
        query = request.query_params
        rows = delivery_log(
            self.get_object(),
            state=query["state"] if query.get("state") in Delivery.State.values else "",
            event=query["event"] if query.get("event") in EventType.values else "",
        )
        page = self.paginate_queryset(rows) or []
        block = self.paginator.get_block()  # type: ignore[union-attr]
        return Response({"deliveries": serialize_deliveries(page), "pagination": block})

    @action(detail=True, methods=["post"], url_path=f"{DELIVERY_PATH}/replay", url_name="replay-delivery")
    def replay_delivery(self, request: Request, pk: str, delivery_id: str) -> Response:
        replays.replay_delivery(actor=self.actor, delivery=find_delivery(self.get_object(), delivery_id))
        return self.get_delivery_response(delivery_id)

    def get_delivery_response(self, webhook_id: str) -> Response:
        delivery = find_delivery(self.get_object(), webhook_id)
        return Response({"delivery": serialize_deliveries([delivery])[0]})


def serialize_deliveries(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Return deliveries with their bodies, which are rendered again for all of them at once."""
    serializer = McDmDeliverySerializer(context={"bodies": bodies_of(deliveries)})
    return [serializer.to_representation(delivery) for delivery in deliveries]


def _count_response(count: int) -> Response:
    return Response({"success": True, "count": count})


def _scope(download_id: int, organization_id: int) -> dict[str, Any]:
    """Return the owner of a new endpoint, as arguments of the service; without either it belongs to the site."""
    scope: dict[str, Any] = {}
    if download_id:
        ensure_download(download_id)
        scope["download_id"] = download_id
    if organization_id:
        scope["organization"] = first_or_not_found(Organization.objects.filter(pk=organization_id))
    return scope
