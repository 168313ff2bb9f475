from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.policies import file_policy
from files.services import link_file, lock_file
from releasehub.api.v3.filters import V3ReleaseFileFilterSet
from releasehub.api.v3.release_viewsets import shown_releases
from releasehub.api.v3.schema import NOTHING, about, listed
from releasehub.api.v3.serializers import (
    V3ReleaseFileCreateSerializer,
    V3ReleaseFileSerializer,
    V3ReleaseSerializer,
)
from releasehub.api.v3.viewsets import V3ModelViewSet, is_id
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.publishing.deletion import delete_file
from versions.models import Version
from versions.policies import version_policy

ORDER = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "name": "filename",
    "size": "size_bytes",
    "downloads": "download_count",
}
RELEASE = OpenApiParameter("releaseId", str, description="Only files of this release.")
OWNERS = ("version__download__category", "version__download__owner", "version__download__organization")


def find_release(actor: Actor, public_id: str) -> Version | None:
    """With all that files need of it; None for any text that names nothing the actor may see."""
    rows = Version.objects.filter(download__deleted_at__isnull=True)
    rows = rows.select_related("download__category", "download__owner", "download__organization")
    version: Version | None = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    return version if version is not None and version_policy.can_view(actor, version) else None


@extend_schema_view(
    list=listed(V3ReleaseFileSerializer, V3ReleaseFileFilterSet, ORDER, RELEASE, summary="List files of releases"),
    retrieve=about(summary="Get a file of a release", responses={200: V3ReleaseFileSerializer}),
    create=about(
        summary="Add a file that lies elsewhere",
        description="The answer is the release. A worker looks at the link before the file is offered.",
        request=V3ReleaseFileCreateSerializer,
        responses={201: V3ReleaseSerializer},
    ),
    destroy=about(summary="Delete a file of a release", responses={204: NOTHING}),
)
class V3ReleaseFileViewSet(V3ModelViewSet):
    queryset = File.objects.filter(version__deleted_at__isnull=True, version__download__deleted_at__isnull=True)
    serializer_class = V3ReleaseFileSerializer
    filterset_class = V3ReleaseFileFilterSet
    policy = file_policy
    ordering = ORDER
    default_order = ("-id",)
    required_scopes = {
        "list": Scope.RELEASE_READ,
        "retrieve": Scope.RELEASE_READ,
        "create": Scope.RELEASE_WRITE,
        "destroy": Scope.RELEASE_WRITE,
    }

    def rows(self) -> models.QuerySet[Any]:
        release_id = self.request.query_params.get("releaseId")
        if not release_id:
            return self.get_queryset().listed_to(self.actor)  # type: ignore[attr-defined, no-any-return]
        version = find_release(self.actor, release_id)
        return File.objects.none() if version is None else File.objects.listed_in(self.actor, version)

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows.select_related("blob", *OWNERS)

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        serializer = V3ReleaseFileSerializer(context={"actor": self.actor, "base_url": self.base_url})
        return [serializer.to_representation(file) for file in objects]

    def retrieve(self, request: Request, public_id: str) -> Response:
        file = self.found(public_id)
        return self.get_tagged_response(file, self.shown([file])[0])

    def create(self, request: Request) -> Response:
        fields = self.get_validated_data(V3ReleaseFileCreateSerializer)
        version = find_release(self.actor, fields["releaseId"])
        if version is None:
            raise NotFound("There is no such release, or you may not see it.")
        link_file(
            actor=self.actor,
            version=version,
            url=fields["url"],
            filename=fields["name"],
            size_bytes=fields["size"],
            declared_checksum=fields.get("checksum", ""),
            is_secured=fields["secured"],
        )
        version.refresh_from_db(fields=["updated_at"])
        return Response(shown_releases(self.actor, [version], self.base_url)[0], status=201)

    def destroy(self, request: Request, public_id: str) -> Response:
        file = self.found(public_id)
        self.check_if_match(lambda: lock_file(file))
        delete_file(actor=self.actor, file=file)
        return Response(status=204)
