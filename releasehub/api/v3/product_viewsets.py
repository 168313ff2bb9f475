"""`/v3/products`: downloads, as far as the v3 dialect knows products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.access import load_access
from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services import create_download, lock_download, update_download
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.filters import V3ProductFilterSet
from releasehub.api.v3.schema import NOTHING, about, listed
from releasehub.api.v3.serializers import moment
from releasehub.api.v3.viewsets import V3ModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, Invalid
from releasehub.publishing.deletion import delete_download
from versions.querysets import listed_total

ORDER = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "title", "displayName": "title"}
TITLE_LENGTH = 150


class V3ProductSerializer(serializers.Serializer[Any]):
    """`context["total"]`: download -> how many of its releases the caller may list."""

    id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    updatedAt = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(read_only=True)
    displayName = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    publicKey = serializers.CharField(read_only=True, help_text="Empty: the hub signs no licences")
    totalLicenses = serializers.IntegerField(read_only=True, help_text="0: the hub has none")
    totalTrialActivations = serializers.IntegerField(read_only=True)
    totalReleases = serializers.IntegerField(read_only=True)
    totalProductVersions = serializers.IntegerField(read_only=True)
    totalFeatureFlags = serializers.IntegerField(read_only=True)
    licensePolicy = serializers.DictField(read_only=True, allow_null=True)
    trialPolicy = serializers.DictField(read_only=True, allow_null=True)
    metadata = serializers.ListField(child=serializers.DictField(), read_only=True)

    def to_representation(self, download: Download) -> dict[str, Any]:
        return {
            "id": download.public_id,
            "createdAt": moment(download.created_at),
            "updatedAt": moment(download.updated_at),
            "name": download.title,
            "displayName": download.title,
            "description": download.description,
            "publicKey": "",
            "totalLicenses": 0,
            "totalTrialActivations": 0,
            "totalReleases": self.context["total"](download),
            "totalProductVersions": 0,
            "totalFeatureFlags": 0,
            "licensePolicy": None,
            "trialPolicy": None,
            "metadata": [],
        }


class V3ProductUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=TITLE_LENGTH, required=False)
    displayName = serializers.CharField(
        max_length=TITLE_LENGTH, required=False, help_text="A product has one name here: this one wins over `name`"
    )
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=50_000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """By the names of the domain."""
        fields: dict[str, Any] = {}
        if "description" in attrs:
            fields["description"] = attrs["description"] or ""
        if title := attrs.get("displayName") or attrs.get("name"):
            fields["title"] = title
        return fields


class V3ProductCreateSerializer(V3ProductUpdateSerializer):
    name = serializers.CharField(max_length=TITLE_LENGTH)
    categoryId = serializers.CharField(
        max_length=64, required=False, help_text="Ours; left out: the first category that takes new products"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return super().validate(attrs) | {"category_id": attrs.get("categoryId", "")}


@extend_schema_view(
    list=listed(V3ProductSerializer, V3ProductFilterSet, ORDER, summary="List products"),
    retrieve=about(summary="Get a product", responses={200: V3ProductSerializer}),
    create=about(summary="Create a product", request=V3ProductCreateSerializer, responses={201: V3ProductSerializer}),
    partial_update=about(
        summary="Change a product: what is left out stays",
        request=V3ProductUpdateSerializer,
        responses={200: V3ProductSerializer},
    ),
    destroy=about(summary="Delete a product with its releases; it can be restored", responses={204: NOTHING}),
)
class V3ProductViewSet(V3ModelViewSet):
    queryset = Download.objects.all()
    serializer_class = V3ProductSerializer
    filterset_class = V3ProductFilterSet
    policy = download_policy
    ordering = ORDER
    default_order = ("-created_at", "-id")
    required_scopes = {"list": Scope.PRODUCT_READ, "retrieve": Scope.PRODUCT_READ} | dict.fromkeys(
        ("create", "partial_update", "destroy"), Scope.PRODUCT_WRITE
    )

    def rows(self) -> models.QuerySet[Any]:
        return Download.objects.visible_to(self.actor)

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows.select_related("category")

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        load_access(self.actor, {download.pk for download in objects})
        serializer = V3ProductSerializer(context={"total": partial(listed_total, self.actor)})
        return [serializer.to_representation(download) for download in objects]

    def retrieve(self, request: Request, public_id: str) -> Response:
        download = self.found(public_id)
        return self.get_tagged_response(download, self.shown([download])[0])

    def create(self, request: Request) -> Response:
        fields = self.get_validated_data(V3ProductCreateSerializer)
        category = self._category(fields.pop("category_id"))
        return self.one(create_download(actor=self.actor, category=category, **fields), status=201)

    def partial_update(self, request: Request, public_id: str) -> Response:
        download = self.found(public_id)
        fields = self.get_validated_data(V3ProductUpdateSerializer)
        self.check_if_match(lambda: lock_download(download.pk))
        return self.one(update_download(actor=self.actor, download=download, **fields))

    def destroy(self, request: Request, public_id: str) -> Response:
        download = self.found(public_id)
        self.check_if_match(lambda: lock_download(download.pk))
        delete_download(actor=self.actor, download=download)
        return Response(status=204)

    def _category(self, public_id: str) -> Category:
        """Errors: Invalid when it is unknown or hidden, or none takes new products."""
        rows = Category.objects.visible_to(self.actor).order_by("display_order", "title", "pk")
        if public_id:
            found = next((row for row in rows if row.public_id == public_id), None)
        else:
            found = next((row for row in rows if rules_of(row).accepts_downloads), None)
        if found is None:
            raise Invalid(ErrorCode.INVALID, "There is no such category that takes products.", field="categoryId")
        return found  # type: ignore[no-any-return]
