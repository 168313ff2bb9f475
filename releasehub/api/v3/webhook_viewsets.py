"""`/v3/webhooks` and `/v3/webhook-event-logs`: endpoints of the v3 format, and what became of their deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from downloads.webhooks import only_scope
from releasehub.accounts.models import Organization
from releasehub.api.common.caching import confidential
from releasehub.api.v3.filters import V3WebhookEventLogFilterSet, V3WebhookFilterSet
from releasehub.api.v3.schema import NOTHING, about, listed
from releasehub.api.v3.viewsets import V3ModelViewSet, is_id
from releasehub.api.v3.webhook_serializers import (
    V3WebhookCreateSerializer,
    V3WebhookEventLogSerializer,
    V3WebhookSerializer,
    V3WebhookUpdateSerializer,
)
from releasehub.api.v3.webhook_terms import EVENTS
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.webhooks.endpoints import (
    check_url,
    create_endpoint,
    delete_endpoint,
    resume_endpoint,
    rotate_secret,
    send_test_event,
    update_endpoint,
)
from releasehub.webhooks.log import bodies_of, named, visible_deliveries
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy, visible_endpoints
from releasehub.webhooks.replays import replay_delivery

Format = Endpoint.Format
ORDER = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "title"}
LOG_ORDER = {"createdAt": "created_at"}
LOG = {200: V3WebhookEventLogSerializer}
EVENT_NAMES = OpenApiResponse({"type": "array", "items": {"type": "string", "enum": list(EVENTS)}})
WHOSE = (
    "It belongs to the product or the organization named; else to the site for its staff, or to the one organization "
    "the caller administers, or to the one product the caller manages; else send `productId`. The answer has the token."
)


@extend_schema_view(
    list=listed(V3WebhookSerializer, V3WebhookFilterSet, ORDER, summary="List webhooks"),
    retrieve=about(summary="Get a webhook", responses={200: V3WebhookSerializer}),
    create=about(
        summary="Create a webhook",
        description=WHOSE,
        request=V3WebhookCreateSerializer,
        responses={201: V3WebhookSerializer},
    ),
    partial_update=about(
        summary="Change a webhook: what is left out stays",
        description="A new token signs from now on, and is in this answer. `active: true` also resumes it.",
        request=V3WebhookUpdateSerializer,
        responses={200: V3WebhookSerializer},
    ),
    destroy=about(summary="Delete a webhook with its log", responses={204: NOTHING}),
    events=about(summary="List the events to subscribe to", filters=False, responses={200: EVENT_NAMES}),
    test=about(summary="Send a test event", description="Ours: not in the original.", request=None, responses=LOG),
)
class V3WebhookViewSet(V3ModelViewSet):
    """Those of the v3 format: others ask for events that have no name here."""

    queryset = Endpoint.objects.filter(format=Format.V3)
    serializer_class = V3WebhookSerializer
    filterset_class = V3WebhookFilterSet
    policy = endpoint_policy
    ordering = ORDER
    default_order = ("-id",)
    required_scopes = dict.fromkeys(("list", "retrieve", "events"), Scope.WEBHOOK_READ) | dict.fromkeys(
        ("create", "partial_update", "destroy", "test"), Scope.WEBHOOK_WRITE
    )

    def rows(self) -> models.QuerySet[Any]:
        return visible_endpoints(self.actor).filter(format=Format.V3)

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows.select_related("organization")

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        downloads = Download.all_objects.filter(pk__in={endpoint.download_id for endpoint in objects} - {None})
        serializer = V3WebhookSerializer(context={"products": dict(downloads.values_list("pk", "public_id"))})
        return [serializer.to_representation(endpoint) for endpoint in objects]

    def prepare(self) -> None:
        """Names are looked up before any transaction; the service looks again."""
        if self.action == "partial_update":
            self.found(self.kwargs["public_id"])
        kinds = {"create": V3WebhookCreateSerializer, "partial_update": V3WebhookUpdateSerializer}
        if self.action in kinds and (url := self.get_validated_data(kinds[self.action]).get("url")):
            check_url(url)

    def retrieve(self, request: Request, public_id: str) -> Response:
        endpoint = self.found(public_id)
        return self.get_tagged_response(endpoint, self.shown([endpoint])[0])

    def create(self, request: Request) -> Response:
        fields = self.get_validated_data(V3WebhookCreateSerializer)
        scope = _scope(self.actor, fields.pop("productId", None), fields.pop("organizationId", None))
        endpoint, secret = create_endpoint(actor=self.actor, format=Format.V3, **scope, **fields)
        return self._with_token(self.one(endpoint, status=201), secret)

    def partial_update(self, request: Request, public_id: str) -> Response:
        endpoint = self.found(public_id)
        fields = self.get_validated_data(V3WebhookUpdateSerializer)
        token = fields.pop("secret", "")
        self.check_if_match(lambda: Endpoint.objects.select_for_update().get(pk=endpoint.pk))
        with transaction.atomic():
            self._change(endpoint, fields, token)
        answer = self.one(endpoint)
        return self._with_token(answer, token) if token else answer

    def destroy(self, request: Request, public_id: str) -> Response:
        endpoint = self.found(public_id)
        self.check_if_match(lambda: Endpoint.objects.select_for_update().get(pk=endpoint.pk))
        delete_endpoint(actor=self.actor, endpoint=endpoint)
        return Response(status=204)

    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def events(self, request: Request) -> Response:
        return Response(EVENTS)

    @action(detail=True, methods=["post"])
    def test(self, request: Request, public_id: str) -> Response:
        delivery = send_test_event(actor=self.actor, endpoint=self.found(public_id))
        return Response(shown_log([found_delivery(self.actor, delivery.webhook_id)])[0])

    def _change(self, endpoint: Endpoint, fields: Mapping[str, Any], token: str) -> None:
        """One secret signs in this format, so the one before is not kept."""
        if token:
            rotate_secret(actor=self.actor, endpoint=endpoint, secret=token, overlap=timedelta(0))
        update_endpoint(actor=self.actor, endpoint=endpoint, **fields)
        if fields.get("is_active"):
            resume_endpoint(actor=self.actor, endpoint=endpoint)

    def _with_token(self, answer: Response, token: str) -> Response:
        answer.data["token"] = token
        return confidential(answer)


@extend_schema_view(
    list=listed(
        V3WebhookEventLogSerializer,
        V3WebhookEventLogFilterSet,
        LOG_ORDER,
        summary="List what was sent to webhooks",
        description="The newest first.",
    ),
    retrieve=about(summary="Get what became of one event", responses=LOG),
    retry=about(summary="Send it again", description="Ours: not in the original.", request=None, responses=LOG),
)
class V3WebhookEventLogViewSet(V3ModelViewSet):
    queryset = Delivery.objects.all()
    serializer_class = V3WebhookEventLogSerializer
    filterset_class = V3WebhookEventLogFilterSet
    lookup_value_regex = "[A-Za-z0-9_-]{1,64}"
    ordering = LOG_ORDER
    default_order = ("-id",)
    required_scopes = {"list": Scope.WEBHOOK_READ, "retrieve": Scope.WEBHOOK_READ, "retry": Scope.WEBHOOK_WRITE}

    def rows(self) -> models.QuerySet[Any]:
        return logged(self.actor)

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        return shown_log(objects)

    def retrieve(self, request: Request, public_id: str) -> Response:
        return Response(shown_log([found_delivery(self.actor, public_id)])[0])

    @action(detail=True, methods=["post"])
    def retry(self, request: Request, public_id: str) -> Response:
        replay_delivery(actor=self.actor, delivery=found_delivery(self.actor, public_id))
        return Response(shown_log([found_delivery(self.actor, public_id)])[0])


def logged(actor: Actor) -> models.QuerySet[Delivery]:
    """Deliveries whose events have a name here."""
    return visible_deliveries(actor).filter(format=Format.V3, endpoint__format=Format.V3)


def found_delivery(actor: Actor, webhook_id: str) -> Delivery:
    """Errors: Http404."""
    delivery = named(logged(actor), webhook_id).first()
    if delivery is None:
        raise Http404
    return delivery


def shown_log(rows: Sequence[Delivery]) -> list[dict[str, Any]]:
    serializer = V3WebhookEventLogSerializer(context={"bodies": bodies_of(rows)})
    return [serializer.to_representation(row) for row in rows]


def _scope(actor: Actor, product_id: str | None, organization_id: str | None) -> dict[str, Any]:
    """What the endpoint is to belong to; the service asks whether the actor manages it.  Errors: NotFound, Invalid."""
    scope: dict[str, Any] = {}
    if product_id:
        scope["download_id"] = _found(Download, product_id).pk
    if organization_id:
        scope["organization"] = _found(Organization, organization_id)
    return scope or only_scope(actor)


def _found(model: type[Download] | type[Organization], public_id: str) -> Any:
    found = model._default_manager.filter(public_id=public_id).first() if is_id(public_id) else None
    if found is None:
        raise NotFound
    return found
