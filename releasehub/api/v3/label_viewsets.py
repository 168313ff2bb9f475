"""`/v3/release-channels` and `/v3/release-platforms`: what the names in releases mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.access import load_access
from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.filters import V3LabelFilterSet
from releasehub.api.v3.schema import NOTHING, about, listed
from releasehub.api.v3.serializers import NAME_LENGTH, moment
from releasehub.api.v3.viewsets import V3ModelViewSet, is_id
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, Invalid
from versions.models import Label, NamedChannel, NamedPlatform
from versions.policies import label_policy
from versions.services import create_label, delete_label, update_label

ORDER = {"name": "name", "displayName": "display_name", "createdAt": "created_at", "updatedAt": "updated_at"}
MOST_PRODUCTS = 100


class V3LabelSerializer(serializers.Serializer[Any]):
    """`context["may_see"]`: which of its products the caller is told of."""

    id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    updatedAt = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(read_only=True)
    displayName = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    productId = serializers.CharField(read_only=True, allow_null=True, help_text="The first of productIds")
    productIds = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="As far as the caller may see them; empty: for all"
    )

    def to_representation(self, label: Label) -> dict[str, Any]:
        ids = [download.public_id for download in label.downloads.all() if self.context["may_see"](download)]
        return {
            "id": label.public_id,
            "createdAt": moment(label.created_at),
            "updatedAt": moment(label.updated_at),
            "name": label.name,
            "displayName": label.display_name,
            "description": label.description,
            "productId": ids[0] if ids else None,
            "productIds": ids,
        }


class V3LabelUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    displayName = serializers.CharField(max_length=NAME_LENGTH, required=False)
    description = serializers.CharField(max_length=1000, required=False, allow_blank=True, allow_null=True)
    productId = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_null=True)
    productIds = serializers.ListField(
        child=serializers.CharField(max_length=NAME_LENGTH), required=False, max_length=MOST_PRODUCTS
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """By the names of the domain; `productId` is the older form of a `productIds` of one."""
        single = attrs.pop("productId", None)
        names = {"displayName": "display_name", "productIds": "product_ids"}
        fields = {names.get(name, name): value for name, value in attrs.items()}
        if "description" in fields:
            fields["description"] = fields["description"] or ""
        if single and "product_ids" not in fields:
            fields["product_ids"] = [single]
        return fields


class V3LabelCreateSerializer(V3LabelUpdateSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH)
    displayName = serializers.CharField(max_length=NAME_LENGTH)


class V3LabelViewSet(V3ModelViewSet):
    model: ClassVar[type[Label]]
    serializer_class = V3LabelSerializer
    filterset_class = V3LabelFilterSet
    policy = label_policy
    ordering = ORDER
    default_order = ("name", "id")
    required_scopes = {"list": Scope.RELEASE_READ, "retrieve": Scope.RELEASE_READ} | dict.fromkeys(
        ("create", "partial_update", "destroy"), Scope.RELEASE_WRITE
    )

    def rows(self) -> models.QuerySet[Any]:
        return self.get_queryset().visible_to(self.actor)  # type: ignore[attr-defined, no-any-return]

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        downloads = Download.objects.select_related("category").order_by("pk")
        return rows.prefetch_related(Prefetch("downloads", downloads))

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        load_access(self.actor, {download.pk for label in objects for download in label.downloads.all()})
        serializer = V3LabelSerializer(
            context={"may_see": lambda download: download_policy.can_view(self.actor, download)}
        )
        return [serializer.to_representation(label) for label in objects]

    def retrieve(self, request: Request, public_id: str) -> Response:
        label = self.found(public_id)
        return self.get_tagged_response(label, self.shown([label])[0])

    def create(self, request: Request) -> Response:
        fields = self._with_downloads(self.get_validated_data(V3LabelCreateSerializer))
        return self.one(create_label(actor=self.actor, model=self.model, **fields), status=201)

    def partial_update(self, request: Request, public_id: str) -> Response:
        label = self.found(public_id)
        fields = self._with_downloads(self.get_validated_data(V3LabelUpdateSerializer))
        self.check_if_match(lambda: self.model._base_manager.select_for_update().get(pk=label.pk))
        return self.one(update_label(actor=self.actor, label=label, **fields))

    def destroy(self, request: Request, public_id: str) -> Response:
        label = self.found(public_id)
        self.check_if_match(lambda: self.model._base_manager.select_for_update().get(pk=label.pk))
        delete_label(actor=self.actor, label=label)
        return Response(status=204)

    def _with_downloads(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Errors: Invalid when one of the products is unknown or hidden."""
        if "product_ids" not in fields:
            return fields
        wanted = set(fields.pop("product_ids"))
        rows = Download.objects.visible_to(self.actor).filter(public_id__in=[text for text in wanted if is_id(text)])
        found = list(rows.select_related("category"))
        if len(found) < len(wanted):
            raise Invalid(ErrorCode.INVALID, "There is no such product, or you may not see it.", field="productIds")
        return fields | {"downloads": found}


def documented(what: str) -> Any:
    shape = {200: V3LabelSerializer}
    return extend_schema_view(
        list=listed(V3LabelSerializer, V3LabelFilterSet, ORDER, summary=f"List release {what}s"),
        retrieve=about(summary=f"Get a release {what}", responses=shape),
        create=about(
            summary=f"Name a release {what}", request=V3LabelCreateSerializer, responses={201: V3LabelSerializer}
        ),
        partial_update=about(summary=f"Change a release {what}", request=V3LabelUpdateSerializer, responses=shape),
        destroy=about(summary=f"Forget a release {what}; releases keep the name", responses={204: NOTHING}),
    )


@documented("channel")
class V3ReleaseChannelViewSet(V3LabelViewSet):
    model = NamedChannel
    queryset = NamedChannel.objects.all()


@documented("platform")
class V3ReleasePlatformViewSet(V3LabelViewSet):
    model = NamedPlatform
    queryset = NamedPlatform.objects.all()
