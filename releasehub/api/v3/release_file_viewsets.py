"""`/v3/release-files`: the files of releases."""

from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.policies import file_policy
from files.services import link_file, lock_file, update_file
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.filters import V3ReleaseFileFilterSet
from releasehub.api.v3.input_serializers import V3ReleaseFileCreateSerializer, V3ReleaseFileUpdateSerializer
from releasehub.api.v3.loading import RELEASE_RELATIONS, find_release, release_context
from releasehub.api.v3.serializers import V3ReleaseFileSerializer, V3ReleaseSerializer
from releasehub.api.v3.viewsets import V3EditableModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from releasehub.publishing.deletion import delete_file

RELEASE = OpenApiParameter("releaseId", str, description="Only files of this release.")


@extend_schema_view(
    list=extend_schema(parameters=[RELEASE], summary="List files of releases"),
    retrieve=extend_schema(summary="Get a file of a release"),
    create=extend_schema(
        summary="Add a file that is stored elsewhere",
        description="The response is the release. A worker checks the link before the file is offered.",
        responses={201: V3ReleaseSerializer},
    ),
    partial_update=extend_schema(summary="Change whether a file needs an access key; an addition of the hub"),
    destroy=extend_schema(summary="Delete a file of a release"),
)
class V3ReleaseFileViewSet(V3EditableModelViewSet):
    queryset = File.objects.filter(version__deleted_at__isnull=True, version__download__deleted_at__isnull=True)
    serializer_class = V3ReleaseFileSerializer
    input_serializer_classes = {
        "create": V3ReleaseFileCreateSerializer,
        "partial_update": V3ReleaseFileUpdateSerializer,
    }
    filterset_class = V3ReleaseFileFilterSet
    policy = file_policy
    # Files get their ids in the order of their creation, and the ids of all files are indexed.
    ordering = {
        "createdAt": "id",
        "updatedAt": "updated_at",
        "name": "filename",
        "size": "size_bytes",
        "downloads": "download_count",
    }
    default_order = ("id",)
    required_scopes = usual_scopes(Scope.RELEASE_READ, Scope.RELEASE_WRITE)

    def get_queryset(self) -> models.QuerySet[Any]:
        release_id = self.request.query_params.get("releaseId")
        if not release_id:
            return self.get_object_queryset().listed_to(self.actor)  # type: ignore[attr-defined]
        release = find_release(self.actor, release_id)
        return File.objects.none() if release is None else File.objects.listed_in(self.actor, release)

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related("blob", *(f"version__{name}" for name in RELEASE_RELATIONS))

    def lock_object(self, instance: File) -> models.Model:
        return lock_file(instance)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        fields = self.get_validated_data()
        release = find_release(self.actor, fields.pop("release_id"))
        if release is None:
            raise NotFound("This release does not exist, or you may not see it. Check the id.")
        link_file(actor=self.actor, version=release, **fields)
        release.refresh_from_db(fields=["updated_at"])
        context = self.get_serializer_context() | release_context(self.actor, [release])
        return Response(V3ReleaseSerializer(release, context=context).data, status=201)

    def perform_update(self, serializer: InputSerializer) -> None:
        serializer.instance = update_file(actor=self.actor, file=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: File) -> None:
        delete_file(actor=self.actor, file=instance)
