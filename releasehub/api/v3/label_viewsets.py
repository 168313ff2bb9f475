"""`/v3/release-channels` and `/v3/release-platforms`: descriptions of the channels and platforms of releases."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_view

from downloads.access import load_access
from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.filters import V3LabelFilterSet
from releasehub.api.v3.label_serializers import V3LabelCreateSerializer, V3LabelSerializer, V3LabelUpdateSerializer
from releasehub.api.v3.viewsets import V3FullModelViewSet
from releasehub.apikeys.scopes import Scope
from versions.models import Label, NamedChannel, NamedPlatform
from versions.policies import label_policy
from versions.services import create_label, delete_label, update_label


class V3LabelViewSet(V3FullModelViewSet):
    model: ClassVar[type[Label]]
    serializer_class = V3LabelSerializer
    input_serializer_classes = {"create": V3LabelCreateSerializer, "partial_update": V3LabelUpdateSerializer}
    filterset_class = V3LabelFilterSet
    policy = label_policy
    ordering = {"name": "name", "displayName": "display_name", "createdAt": "created_at", "updatedAt": "updated_at"}
    default_order = ("created_at", "id")
    required_scopes = usual_scopes(Scope.RELEASE_READ, Scope.RELEASE_WRITE)

    def get_queryset(self) -> models.QuerySet[Any]:
        return self.model._default_manager.visible_to(self.actor)

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        downloads = Download.objects.select_related("category").order_by("pk")
        return queryset.prefetch_related(Prefetch("downloads", downloads))

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        load_access(self.actor, {download.pk for label in instances for download in label.downloads.all()})
        return {"can_view": lambda download: download_policy.can_view(self.actor, download)}

    def perform_create(self, serializer: InputSerializer) -> None:
        serializer.instance = create_label(actor=self.actor, model=self.model, **serializer.validated_data)

    def perform_update(self, serializer: InputSerializer) -> None:
        serializer.instance = update_label(actor=self.actor, label=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Label) -> None:
        delete_label(actor=self.actor, label=instance)


def document_views(noun: str) -> Any:
    """Return the decorator that documents the view set of channels or of platforms."""
    return extend_schema_view(
        list=extend_schema(summary=f"List release {noun}s"),
        retrieve=extend_schema(summary=f"Get a release {noun}"),
        create=extend_schema(summary=f"Create a release {noun}"),
        partial_update=extend_schema(summary=f"Change a release {noun}"),
        destroy=extend_schema(summary=f"Delete a release {noun}; releases keep its name"),
    )


@document_views("channel")
class V3ReleaseChannelViewSet(V3LabelViewSet):
    model = NamedChannel
    queryset = NamedChannel.objects.all()


@document_views("platform")
class V3ReleasePlatformViewSet(V3LabelViewSet):
    model = NamedPlatform
    queryset = NamedPlatform.objects.all()
