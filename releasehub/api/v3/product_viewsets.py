"""`/v3/products`: downloads, with the fields that the v3 dialect knows of products."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema, extend_schema_view

from downloads.access import load_access
from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services import create_download, lock_download, update_download
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.filters import V3ProductFilterSet
from releasehub.api.v3.product_serializers import (
    V3ProductCreateSerializer,
    V3ProductSerializer,
    V3ProductUpdateSerializer,
)
from releasehub.api.v3.viewsets import V3FullModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Invalid
from releasehub.publishing.deletion import delete_download
from versions.querysets import listed_total


@extend_schema_view(
    list=extend_schema(summary="List products"),
    retrieve=extend_schema(summary="Get a product"),
    create=extend_schema(summary="Create a product"),
    partial_update=extend_schema(summary="Change a product; fields left out stay as they are"),
    destroy=extend_schema(summary="Delete a product with its releases; it can be restored"),
)
class V3ProductViewSet(V3FullModelViewSet):
    queryset = Download.objects.all()
    serializer_class = V3ProductSerializer
    input_serializer_classes = {"create": V3ProductCreateSerializer, "partial_update": V3ProductUpdateSerializer}
    filterset_class = V3ProductFilterSet
    policy = download_policy
    ordering = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "title", "displayName": "title"}
    default_order = ("created_at", "id")
    required_scopes = usual_scopes(Scope.PRODUCT_READ, Scope.PRODUCT_WRITE)

    def get_queryset(self) -> models.QuerySet[Any]:
        return Download.objects.visible_to(self.actor)

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related("category")

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        load_access(self.actor, {download.pk for download in instances})
        return {"total": partial(listed_total, self.actor)}

    def lock_object(self, instance: Download) -> models.Model:
        return lock_download(instance.pk)

    def perform_create(self, serializer: InputSerializer) -> None:
        fields = dict(serializer.validated_data)
        category = self.find_category(fields.pop("category_id", ""))
        serializer.instance = create_download(actor=self.actor, category=category, **fields)

    def perform_update(self, serializer: InputSerializer) -> None:
        download = serializer.instance
        serializer.instance = update_download(actor=self.actor, download=download, **serializer.validated_data)

    def perform_destroy(self, instance: Download) -> None:
        delete_download(actor=self.actor, download=instance)

    def find_category(self, public_id: str) -> Category:
        """Return the category with this id, or the first one that accepts new products if the id is empty."""
        rows = Category.objects.visible_to(self.actor).order_by("display_order", "title", "pk")
        if public_id:
            category = next((row for row in rows if row.public_id == public_id), None)
        else:
            category = next((row for row in rows if rules_of(row).accepts_downloads), None)
        if category is None:
            raise Invalid(
                "The category does not exist, or no category accepts products. Choose another category.",
                field="categoryId",
            )
        return category
