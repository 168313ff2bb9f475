from collections.abc import Sequence
from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter

from downloads.access import find_with_access
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.mc_dm.community_serializers import McDmCommentSerializer, McDmFullCommentSerializer
from releasehub.api.mc_dm.filters import McDmCommentFilterSet
from releasehub.api.mc_dm.input_serializers import (
    McDmCommentCreateSerializer,
    McDmCommentUpdateSerializer,
    McDmDeleteSerializer,
)
from releasehub.api.mc_dm.loading import comment_context
from releasehub.api.mc_dm.parents import DownloadChildMixin
from releasehub.api.mc_dm.schema import SINCE, document_views
from releasehub.api.mc_dm.viewsets import CONTENT_SCOPES, McDmModelViewSet
from releasehub.community.models import Comment
from releasehub.community.policies import contribution_policy
from releasehub.community.services import create_comment, delete_contribution, edit_comment, lock_contribution
from releasehub.core.errors import NotFound

ORDER = {"comment_date": "created_at", "last_edit_date": "last_edit_at"}
EXAMPLE = {
    "comment_id": 700,
    "download_id": 42,
    "user_id": 17,
    "username": "alice",
    "comment_date": 1746210000,
    "message": "Works great on PHP 8.3.",
    "comment_state": "visible",
    "last_edit_date": 0,
    "edit_count": 0,
    "is_visible": True,
}


@document_views(
    filters=(
        OpenApiParameter("download_id", int, description="Required unless the key is a super-user key."),
        SINCE,
    ),
    example=EXAMPLE,
)
class McDmCommentViewSet(DownloadChildMixin, McDmModelViewSet):
    serializer_class = McDmCommentSerializer
    full_serializer_class = McDmFullCommentSerializer
    input_serializer_classes = {
        "create": McDmCommentCreateSerializer,
        "update": McDmCommentUpdateSerializer,
        "destroy": McDmDeleteSerializer,
    }
    filterset_class = McDmCommentFilterSet
    policy = contribution_policy
    item_key, list_key = "comment", "comments"
    ordering = ORDER
    required_scopes = CONTENT_SCOPES

    def get_queryset(self) -> models.QuerySet[Comment]:
        """Return the visible comments of the requested download; super-user keys see those in every state."""
        rows = Comment.all_objects.all() if self.is_super_key else Comment.objects.shown()
        download = self.parent_download
        if download is None:
            return rows.visible_to(self.actor)
        if not download.pk or download.is_deleted:
            return Comment.objects.none()
        return rows.filter(download=download)

    def get_stored_total(self, queryset: models.QuerySet[Any]) -> int | None:
        download = self.parent_download
        if download is None or self.is_super_key or "since" in self.request.query_params:
            return None
        return 0 if download.is_deleted else download.comment_count

    def get_object_queryset(self) -> models.QuerySet[Comment]:
        return Comment.all_objects.select_related("author", "download__category")

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related("author")

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        return comment_context(self.actor, instances) if self.is_full else {}

    def lock_object(self, instance: Comment) -> models.Model:
        return lock_contribution(instance)

    def perform_create(self, serializer: InputSerializer) -> None:
        fields = serializer.validated_data
        download = find_with_access(self.actor, fields["download_id"])
        if download is None:
            raise NotFound
        serializer.instance = create_comment(actor=self.actor, download=download, text=fields["text"])

    def perform_update(self, serializer: InputSerializer) -> None:
        if "text" in serializer.validated_data:
            text = serializer.validated_data["text"]
            serializer.instance = edit_comment(actor=self.actor, comment=serializer.instance, text=text)

    def perform_destroy(self, instance: Comment, *, hard: bool = False, reason: str = "") -> None:
        delete_contribution(actor=self.actor, row=instance, hard=hard, reason=reason)
