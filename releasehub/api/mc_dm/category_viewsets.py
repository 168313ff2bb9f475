from collections.abc import Sequence
from typing import Any

from django.db import models

from downloads.models import Category
from downloads.policies import category_policy
from downloads.services import create_category, delete_category, lock_category, update_category
from releasehub.api.common.filter_sets import QueryFilterSet
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.mc_dm.full_serializers import McDmFullCategorySerializer
from releasehub.api.mc_dm.input_serializers import (
    McDmCategoryCreateSerializer,
    McDmCategoryUpdateSerializer,
    McDmDeleteSerializer,
)
from releasehub.api.mc_dm.loading import category_context, with_download_counts
from releasehub.api.mc_dm.schema import document_views
from releasehub.api.mc_dm.serializers import McDmCategorySerializer
from releasehub.api.mc_dm.viewsets import McDmModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Invalid

ORDER = {"display_order": "display_order", "title": "title", "download_count": "visible_download_count"}
EXAMPLE = {
    "category_id": 4,
    "parent_category_id": 0,
    "title": "Plugins",
    "description": "Server-side plugins.",
    "display_order": 10,
    "download_count": 87,
    "fa_icon": "fa-puzzle-piece",
    "icon_color": "#3a7bd5",
    "view_url": "https://hub.example.org/downloads/categories/plugins.4/",
}


@document_views(example=EXAMPLE)
class McDmCategoryViewSet(McDmModelViewSet):
    serializer_class = McDmCategorySerializer
    full_serializer_class = McDmFullCategorySerializer
    input_serializer_classes = {
        "create": McDmCategoryCreateSerializer,
        "update": McDmCategoryUpdateSerializer,
        "destroy": McDmDeleteSerializer,
    }
    filterset_class = QueryFilterSet
    policy = category_policy
    item_key, list_key = "category", "categories"
    ordering = ORDER
    delete_hard_scope = Scope.CATEGORY_DELETE_HARD
    required_scopes = usual_scopes(Scope.CATEGORY_READ, Scope.CATEGORY_WRITE)

    def get_queryset(self) -> models.QuerySet[Category]:
        return Category.objects.visible_to(self.actor)

    def get_object_queryset(self) -> models.QuerySet[Category]:
        rows = Category.objects.all()
        return self.with_relations(rows) if self.action == "retrieve" else rows

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return with_download_counts(queryset, self.actor)

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        return category_context(instances) if self.is_full else {}

    def get_stored_total(self, queryset: models.QuerySet[Any]) -> int | None:
        """Return the number of categories, counted without the annotations of `with_relations`."""
        return self.get_queryset().count()

    def lock_object(self, instance: Category) -> models.Model:
        return lock_category(instance)

    def perform_create(self, serializer: InputSerializer) -> None:
        serializer.instance = create_category(actor=self.actor, **serializer.validated_data)

    def perform_update(self, serializer: InputSerializer) -> None:
        category = serializer.instance
        serializer.instance = update_category(actor=self.actor, category=category, **serializer.validated_data)

    def check_destroy(self, instance: Category, *, hard: bool, reason: str) -> None:
        """Check the permission first, and then that the deletion is a hard one: categories have no soft deletion."""
        category_policy.ensure("delete", self.actor, instance)
        if not hard:
            raise Invalid("A category can only be deleted permanently. Send hard=1 to confirm.", field="hard")

    def perform_destroy(self, instance: Category, *, hard: bool = True, reason: str = "") -> None:
        delete_category(actor=self.actor, category=instance, reason=reason)
