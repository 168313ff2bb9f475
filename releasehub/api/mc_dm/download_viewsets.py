from collections.abc import Sequence
from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import create_download, lock_download, restore_download, update_download
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.mc_dm.filters import McDmDownloadFilterSet
from releasehub.api.mc_dm.full_serializers import McDmFullDownloadSerializer
from releasehub.api.mc_dm.input_serializers import (
    McDmDeleteSerializer,
    McDmDownloadCreateSerializer,
    McDmDownloadUpdateSerializer,
)
from releasehub.api.mc_dm.loading import download_context
from releasehub.api.mc_dm.schema import DELETED, SINCE, document_views
from releasehub.api.mc_dm.serializers import McDmDownloadSerializer
from releasehub.api.mc_dm.viewsets import CONTENT_SCOPES, McDmModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.distribution.annotations import set_current_version_ids
from releasehub.publishing.deletion import delete_download

ORDER = {
    "last_update": "last_update_at",
    "created_date": "created_at",
    "download_count": "download_count",
    "view_count": "view_count",
    "title": "title",
}
RELATIONS = ("owner", "category", "prefix")
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
    "rating_avg": 4.6,
    "rating_count": 12,
    "review_count": 9,
    "download_count": 318,
    "view_count": 2104,
    "last_update": 1746200000,
    "created_date": 1745000000,
    "download_state": "visible",
    "prefix_id": 0,
    "current_version_id": 88,
}


@document_views(
    filters=(
        OpenApiParameter("category_id", int),
        OpenApiParameter("prefix_id", int),
        OpenApiParameter("download_state", str, enum=["visible", "moderated", "deleted", "draft"]),
        OpenApiParameter("slug", str, description="The download that has this slug, or had it before it was renamed."),
        OpenApiParameter("search", str, description="Words that must all occur in title, tag line or description."),
        SINCE,
        DELETED,
    ),
    example=EXAMPLE,
)
class McDmDownloadViewSet(McDmModelViewSet):
    serializer_class = McDmDownloadSerializer
    full_serializer_class = McDmFullDownloadSerializer
    input_serializer_classes = {
        "create": McDmDownloadCreateSerializer,
        "update": McDmDownloadUpdateSerializer,
        "destroy": McDmDeleteSerializer,
    }
    filterset_class = McDmDownloadFilterSet
    policy = download_policy
    item_key, list_key = "download", "downloads"
    ordering = ORDER
    required_scopes = CONTENT_SCOPES | {"restore": Scope.DOWNLOAD_WRITE}

    def get_queryset(self) -> models.QuerySet[Download]:
        """Return the downloads in the requested state; `download_state` only narrows what the caller may see."""
        state = self.request.query_params.get("download_state", "")
        if self.wants_deleted or state == "deleted":
            return Download.all_objects.restorable_by(self.actor)
        rows = Download.objects.visible_to(self.actor)
        return rows.filter(state=state) if state in Download.State.values else rows

    def get_object_queryset(self) -> models.QuerySet[Download]:
        rows = Download.all_objects.select_related("category")
        return self.with_relations(rows).select_related(*RELATIONS) if self.action == "retrieve" else rows

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related(*RELATIONS) if self.is_full else queryset

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        set_current_version_ids(instances)
        return download_context(self.actor, instances) if self.is_full else {}

    def lock_object(self, instance: Download) -> models.Model:
        return lock_download(instance.pk)

    def perform_create(self, serializer: InputSerializer) -> None:
        serializer.instance = create_download(actor=self.actor, **serializer.validated_data)

    def perform_update(self, serializer: InputSerializer) -> None:
        download = serializer.instance
        serializer.instance = update_download(actor=self.actor, download=download, **serializer.validated_data)

    def perform_destroy(self, instance: Download, *, hard: bool = False, reason: str = "") -> None:
        delete_download(actor=self.actor, download=instance, hard=hard, reason=reason)

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        download = restore_download(actor=self.actor, download=self.get_object())
        return self.get_object_response(self.reload(download))
