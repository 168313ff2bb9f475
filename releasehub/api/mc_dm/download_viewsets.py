from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.services import create_download, lock_download, restore_download, update_download
from releasehub.api.mc_dm.filters import McDmDownloadFilterSet
from releasehub.api.mc_dm.loading import download_context
from releasehub.api.mc_dm.schema import DELETED, SINCE, documented
from releasehub.api.mc_dm.serializers import (
    McDmDownloadCreateSerializer,
    McDmDownloadSerializer,
    McDmDownloadUpdateSerializer,
    McDmFullDownloadSerializer,
)
from releasehub.api.mc_dm.viewsets import McDmViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, Invalid
from releasehub.distribution.latest import with_current_version
from releasehub.publishing.deletion import delete_download

ORDER = {
    "last_update": "last_update_at",
    "created_date": "created_at",
    "download_count": "download_count",
    "view_count": "view_count",
    "title": "title",
}
EXAMPLE = {
    "download_id": 42,
    "category_id": 4,
    "user_id": 17,
    "title": "Acme Importer",
    "tag_line": "Bulk import via CSV",
    "description": "Reads *any* table.",
    "view_url": "https://hub.example.org/downloads/acme-importer.42/",
    "icon_url": None,
    "cover_url": None,
    "rating_avg": 0.0,
    "rating_count": 0,
    "review_count": 0,
    "download_count": 318,
    "view_count": 2104,
    "last_update": 1746200000,
    "created_date": 1745000000,
    "download_state": "visible",
    "prefix_id": 0,
    "current_version_id": 88,
}


@documented(
    item="download",
    items="downloads",
    normal=McDmDownloadSerializer,
    full=McDmFullDownloadSerializer,
    create=McDmDownloadCreateSerializer,
    update=McDmDownloadUpdateSerializer,
    order=ORDER,
    filters=(
        OpenApiParameter("category_id", int),
        OpenApiParameter("prefix_id", int),
        OpenApiParameter("download_state", str, enum=["visible", "moderated", "deleted", "draft"]),
        OpenApiParameter("slug", str, description="The one with this address"),
        OpenApiParameter("search", str, description="Every word in title, tag line or description."),
        SINCE,
        DELETED,
    ),
    example=EXAMPLE,
    steps=("restore",),
)
class McDmDownloadViewSet(McDmViewSet):
    queryset = Download.objects.all()
    serializer_class = McDmDownloadSerializer
    filterset_class = McDmDownloadFilterSet
    policy = download_policy
    item_key, list_key = "download", "downloads"
    ordering = ORDER
    required_scopes = {
        "list": Scope.DOWNLOAD_READ,
        "retrieve": Scope.DOWNLOAD_READ,
        "create": Scope.DOWNLOAD_WRITE,
        "update": Scope.DOWNLOAD_WRITE,
        "destroy": Scope.DOWNLOAD_WRITE,
        "restore": Scope.DOWNLOAD_WRITE,
    }

    def rows(self) -> models.QuerySet[Download]:
        """`download_state` narrows what the caller may see; it never widens it."""
        state = self.request.query_params.get("download_state", "")
        if self.wants_deleted or state == "deleted":
            return Download.all_objects.restorable_by(self.actor)
        rows = Download.objects.visible_to(self.actor)
        return rows.filter(state=state) if state in Download.State.values else rows

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        rows = with_current_version(rows)  # type: ignore[arg-type]
        return rows.select_related("owner", "category") if self.is_full else rows

    def serializer_and_context(self, objects: Sequence[Any]) -> tuple[type[BaseSerializer[Any]], dict[str, Any]]:
        if not self.is_full:
            return McDmDownloadSerializer, {}
        return McDmFullDownloadSerializer, download_context(self.actor, objects)

    def retrieve(self, request: Request, pk: str) -> Response:
        rows = self.decorated(Download.all_objects.all()).select_related("owner", "category")
        download = self.found(rows, pk)
        return self.tagged(download, {"download": self.shown([download])[0]})

    def create(self, request: Request) -> Response:
        fields = self._with_category(self.parsed(McDmDownloadCreateSerializer))
        return self.one(create_download(actor=self.actor, **fields))

    def update(self, request: Request, pk: str) -> Response:
        download = self._visible(pk)
        fields = self._with_category(self.parsed(McDmDownloadUpdateSerializer))
        self.check_match(lambda: lock_download(download.pk))
        return self.one(update_download(actor=self.actor, download=download, **fields))

    def destroy(self, request: Request, pk: str) -> Response:
        download = self._visible(pk)
        options = self.deletion(download)
        self.check_match(lambda: lock_download(download.pk))
        delete_download(actor=self.actor, download=download, **options)
        return self.success()

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self.one(restore_download(actor=self.actor, download=self._visible(pk)))

    def _visible(self, pk: str) -> Download:
        download: Download = self.found(Download.all_objects.select_related("category"), pk)
        return download

    def _with_category(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Errors: Invalid when the category is unknown or hidden."""
        if "category_id" not in fields:
            return fields
        category = Category.objects.visible_to(self.actor).filter(pk=fields.pop("category_id")).first()
        if category is None:
            raise Invalid(ErrorCode.INVALID, "There is no such category.", field="category")
        return fields | {"category": category}
