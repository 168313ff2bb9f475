from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from downloads.models import Category
from downloads.policies import category_policy
from downloads.services import create_category, delete_category, update_category
from releasehub.api.mc_dm.filters import McDmCategoryFilterSet
from releasehub.api.mc_dm.loading import counted
from releasehub.api.mc_dm.schema import documented
from releasehub.api.mc_dm.serializers import (
    McDmCategoryCreateSerializer,
    McDmCategorySerializer,
    McDmCategoryUpdateSerializer,
    McDmFullCategorySerializer,
)
from releasehub.api.mc_dm.viewsets import McDmViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, Invalid

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


@documented(
    item="category",
    items="categories",
    normal=McDmCategorySerializer,
    full=McDmFullCategorySerializer,
    create=McDmCategoryCreateSerializer,
    update=McDmCategoryUpdateSerializer,
    order=ORDER,
    filters=(),
    example=EXAMPLE,
    steps=(),
)
class McDmCategoryViewSet(McDmViewSet):
    queryset = Category.objects.all()
    serializer_class = McDmCategorySerializer
    filterset_class = McDmCategoryFilterSet
    policy = category_policy
    item_key, list_key = "category", "categories"
    ordering = ORDER
    delete_hard_scope = Scope.CATEGORY_DELETE_HARD
    required_scopes = {
        "list": Scope.CATEGORY_READ,
        "retrieve": Scope.CATEGORY_READ,
        "create": Scope.CATEGORY_WRITE,
        "update": Scope.CATEGORY_WRITE,
        "destroy": Scope.CATEGORY_WRITE,
    }

    def rows(self) -> models.QuerySet[Category]:
        return counted(Category.objects.visible_to(self.actor), self.actor)  # type: ignore[no-any-return]

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows if "visible_download_count" in rows.query.annotations else counted(rows, self.actor)

    def known_total(self, rows: models.QuerySet[Any]) -> int | None:
        """Without the counts of downloads, which the total does not need."""
        total: int = Category.objects.visible_to(self.actor).count()
        return total

    def serializer_and_context(self, objects: Sequence[Any]) -> tuple[type[BaseSerializer[Any]], dict[str, Any]]:
        return (McDmFullCategorySerializer if self.is_full else McDmCategorySerializer), {}

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.one(self.found(Category.objects.all(), pk))

    def create(self, request: Request) -> Response:
        fields = self._with_parent(self.parsed(McDmCategoryCreateSerializer))
        return self.one(create_category(actor=self.actor, **fields))

    def update(self, request: Request, pk: str) -> Response:
        category = self.found(Category.objects.all(), pk)
        fields = self._with_parent(self.parsed(McDmCategoryUpdateSerializer))
        self.check_match(lambda: Category.objects.select_for_update().get(pk=pk))
        return self.one(update_category(actor=self.actor, category=category, **fields))

    def destroy(self, request: Request, pk: str) -> Response:
        """Categories know hard deletion only.  Errors: Invalid without `hard=1`."""
        category = self.found(Category.objects.all(), pk)
        options = self.deletion(category)
        category_policy.ensure("delete", self.actor, category)
        if not options["hard"]:
            raise Invalid(ErrorCode.INVALID, "A category can only be erased: send hard=1.", field="hard")
        self.check_match(lambda: Category.objects.select_for_update().get(pk=pk))
        delete_category(actor=self.actor, category=category, reason=options["reason"])
        return self.success()

    def _with_parent(self, fields: dict[str, Any]) -> dict[str, Any]:
        """`parent_category_id` as the row; 0 is the top level.  Errors: Invalid."""
        if "parent_category_id" not in fields:
            return fields
        parent_id = fields.pop("parent_category_id")
        parent = Category.objects.visible_to(self.actor).filter(pk=parent_id).first() if parent_id else None
        if parent_id and parent is None:
            raise Invalid(ErrorCode.INVALID, "There is no such category.", field="parent")
        return fields | {"parent": parent}
