"""`/v3/webhooks`: endpoints of the v3 format."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from django.db import models, transaction
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from downloads.webhooks import only_scope
from releasehub.accounts.models import Organization
from releasehub.api.common.caching import confidential
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.delivery_viewsets import LOG, find_delivery
from releasehub.api.v3.filters import V3WebhookFilterSet
from releasehub.api.v3.loading import is_id
from releasehub.api.v3.viewsets import V3FullModelViewSet
from releasehub.api.v3.webhook_serializers import (
    V3WebhookCreateSerializer,
    V3WebhookEventLogSerializer,
    V3WebhookEventSerializer,
    V3WebhookSerializer,
    V3WebhookUpdateSerializer,
)
from releasehub.api.v3.webhook_terms import DESCRIPTIONS
from releasehub.apikeys.requests import Credential, allows
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.webhooks.endpoint_fields import check_url
from releasehub.webhooks.endpoint_secrets import rotate_secret
from releasehub.webhooks.endpoint_states import resume_endpoint, send_test_event
from releasehub.webhooks.endpoints import create_endpoint, delete_endpoint, update_endpoint
from releasehub.webhooks.log import bodies_of
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import visible_endpoints

Format = Endpoint.Format
LIST_DESCRIPTION = "Webhooks of the v3 format. Webhooks of other formats may subscribe to events without a name in v3."
OWNER = (
    "The webhook belongs to the product or organization that the request names. Without either, it belongs to the site "
    "if the caller is staff, or to the only organization or product that the caller manages."
)


@extend_schema_view(
    list=extend_schema(summary="List webhooks", description=LIST_DESCRIPTION),
    retrieve=extend_schema(summary="Get a webhook"),
    create=extend_schema(summary="Create a webhook", description=OWNER),
    partial_update=extend_schema(
        summary="Change a webhook; fields left out stay as they are",
        description="A new token signs all later deliveries. `active: true` also resumes it.",
    ),
    destroy=extend_schema(summary="Delete a webhook with its log"),
    events=extend_schema(
        summary="List the events that a webhook can subscribe to",
        responses={200: V3WebhookEventSerializer(many=True)},
    ),
    test=extend_schema(summary="Send test event", description="Not in the original API.", responses=LOG),
)
class V3WebhookViewSet(V3FullModelViewSet):
    """Endpoints of the v3 format. Those of other formats may subscribe to events that have no name here."""

    queryset = Endpoint.objects.filter(format=Format.V3)
    serializer_class = V3WebhookSerializer
    input_serializer_classes = {"create": V3WebhookCreateSerializer, "partial_update": V3WebhookUpdateSerializer}
    filterset_class = V3WebhookFilterSet
    policy = endpoint_policy
    ordering = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "title"}
    default_order = ("id",)
    required_scopes = usual_scopes(Scope.WEBHOOK_READ, Scope.WEBHOOK_WRITE) | {
        "events": Scope.WEBHOOK_READ,
        "test": Scope.WEBHOOK_WRITE,
    }

    def get_queryset(self) -> models.QuerySet[Any]:
        return visible_endpoints(self.actor).filter(format=Format.V3)

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related("organization")

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        downloads = Download.all_objects.filter(pk__in={endpoint.download_id for endpoint in instances} - {None})
        products = dict(downloads.values_list("pk", "public_id"))
        # Who can see an endpoint manages it, so only the scopes of the token remain to be checked.
        credential = cast(Credential, self.request.auth)
        return {"products": products, "shows_tokens": allows(credential, Scope.WEBHOOK_WRITE)}

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep tokens out of caches."""
        return super().finalize_response(request, confidential(response), *args, **kwargs)

    def prepare(self) -> None:
        """Resolve the host name of the URL before the transaction; the service checks the URL again."""
        if self.action in self.input_serializer_classes:
            endpoint = self.get_object() if self.action == "partial_update" else None
            if url := self.get_input_serializer(endpoint).validated_data.get("url"):
                check_url(url)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        fields = self.get_validated_data()
        scope = _scope(self.actor, fields.pop("product_id", None), fields.pop("organization_id", None))
        endpoint, _ = create_endpoint(actor=self.actor, format=Format.V3, **scope, **fields)
        return self.get_object_response(self.reload(endpoint), status=201)

    @transaction.atomic
    def perform_update(self, serializer: InputSerializer) -> None:
        """Replace the secret without an overlap, because this format has a single signature, and change the rest."""
        endpoint, fields = serializer.instance, dict(serializer.validated_data)
        if token := fields.pop("secret", ""):
            rotate_secret(actor=self.actor, endpoint=endpoint, secret=token, overlap=timedelta(0))
        update_endpoint(actor=self.actor, endpoint=endpoint, **fields)
        if fields.get("is_active"):
            resume_endpoint(actor=self.actor, endpoint=endpoint)

    def perform_destroy(self, instance: Endpoint) -> None:
        delete_endpoint(actor=self.actor, endpoint=instance)

    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def events(self, request: Request) -> Response:
        rows = [{"event": name, "description": text} for name, text in DESCRIPTIONS.items()]
        return Response(V3WebhookEventSerializer(rows, many=True).data)

    @action(detail=True, methods=["post"])
    def test(self, request: Request, public_id: str) -> Response:
        delivery = send_test_event(actor=self.actor, endpoint=self.get_object())
        delivery = find_delivery(self.actor, delivery.webhook_id)
        return Response(V3WebhookEventLogSerializer(delivery, context={"bodies": bodies_of([delivery])}).data)


def _scope(actor: Actor, product_id: str | None, organization_id: str | None) -> dict[str, Any]:
    """Return the owner of a new endpoint, as arguments of the service, which checks that the actor manages it."""
    scope: dict[str, Any] = {}
    if product_id:
        scope["download_id"] = _find(Download, product_id).pk
    if organization_id:
        scope["organization"] = _find(Organization, organization_id)
    return scope or only_scope(actor)


def _find(model: type[Download] | type[Organization], public_id: str) -> Any:
    row = model._default_manager.filter(public_id=public_id).first() if is_id(public_id) else None
    if row is None:
        raise NotFound
    return row
