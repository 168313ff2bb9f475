from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.access import load_access
from downloads.models import Download
from releasehub.api.common.loading import files_of
from releasehub.api.v3.filters import V3ReleaseFilterSet
from releasehub.api.v3.schema import NOTHING, about, listed
from releasehub.api.v3.serializers import (
    V3MyReleaseSerializer,
    V3ReleaseCreateSerializer,
    V3ReleaseSerializer,
    V3ReleaseUpdateSerializer,
    is_private,
)
from releasehub.api.v3.viewsets import V3ModelViewSet, find_product
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.policies import version_policy
from versions.querysets import listed_total
from versions.services import lock_version

ORDER = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "publishedAt": "published_at",
    "name": "title",
    "version": "sort_key",
    "channel": "channel",
    "totalFiles": "file_count",
}
OWNERS = ("download__category", "download__owner", "download__organization")
RELEASE = {200: V3ReleaseSerializer}
PRODUCT = OpenApiParameter("productId", str, description="Only releases of this product.")


def shown_releases(
    actor: Actor,
    versions: Sequence[Version],
    base_url: str,
    *,
    serializer_class: type[V3ReleaseSerializer] = V3ReleaseSerializer,
) -> list[dict[str, Any]]:
    """With their files, in two queries."""
    load_access(actor, {version.download_id for version in versions})
    serializer = serializer_class(context={"actor": actor, "base_url": base_url, "files": files_of(actor, versions)})
    return [serializer.to_representation(version) for version in versions]


class V3ReleaseShowing(V3ModelViewSet):
    """How releases are shown, wherever they are."""

    queryset = Version.objects.filter(download__deleted_at__isnull=True)
    shape: ClassVar[type[V3ReleaseSerializer]] = V3ReleaseSerializer
    policy = version_policy
    ordering = ORDER
    default_order = ("-released_at", "-id")

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows.select_related(*OWNERS)

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        return shown_releases(self.actor, objects, self.base_url, serializer_class=self.shape)


@extend_schema_view(
    list=listed(
        V3ReleaseSerializer,
        V3ReleaseFilterSet,
        ORDER,
        PRODUCT,
        summary="List releases",
        description="The newest first. Archived ones are in the list; private ones only in that of their team.",
    ),
    retrieve=about(summary="Get a release", responses=RELEASE),
    create=about(summary="Create a release", request=V3ReleaseCreateSerializer, responses={201: V3ReleaseSerializer}),
    partial_update=about(
        summary="Change a release: what is left out stays", request=V3ReleaseUpdateSerializer, responses=RELEASE
    ),
    destroy=about(summary="Delete a release; its version stays reserved", responses={204: NOTHING}),
    publish=about(
        summary="Publish and seal", description="Needs a file that passed its checks.", request=None, responses=RELEASE
    ),
    unpublish=about(summary="Back to draft, unless it was downloaded", request=None, responses=RELEASE),
    archive=about(summary="Keep it, offer it no more", request=None, responses=RELEASE),
    unarchive=about(summary="Offer it again", request=None, responses=RELEASE),
)
class V3ReleaseViewSet(V3ReleaseShowing):
    filterset_class = V3ReleaseFilterSet
    required_scopes = {"list": Scope.RELEASE_READ, "retrieve": Scope.RELEASE_READ} | dict.fromkeys(
        ("create", "partial_update", "destroy", "publish", "unpublish", "archive", "unarchive"), Scope.RELEASE_WRITE
    )

    @cached_property
    def wanted_product(self) -> Download | None:
        return find_product(self.actor, self.request.query_params["productId"])

    def rows(self) -> models.QuerySet[Any]:
        if not self.request.query_params.get("productId"):
            return self.get_queryset().listed_to(self.actor)  # type: ignore[attr-defined, no-any-return]
        product = self.wanted_product
        return Version.objects.none() if product is None else Version.objects.listed_in(self.actor, product)

    def get_stored_total(self, rows: models.QuerySet[Any]) -> int | None:
        """Kept on the product, as long as nothing else narrows the list."""
        query = self.request.query_params
        if not query.get("productId") or any(query.get(name) for name in V3ReleaseFilterSet.base_filters):
            return None
        product = self.wanted_product
        return 0 if product is None else listed_total(self.actor, product)

    def retrieve(self, request: Request, public_id: str) -> Response:
        version = self.found(public_id)
        return self.get_tagged_response(version, self.shown([version])[0])

    def create(self, request: Request) -> Response:
        fields = _with_visibility(self.get_validated_data(V3ReleaseCreateSerializer))
        product = find_product(self.actor, fields.pop("productId"))
        if product is None:
            raise NotFound("There is no such product, or you may not see it.")
        made_at = fields.pop("createdAt", None)
        version = create_version(
            actor=self.actor, download_id=product.pk, state=Version.State.DRAFT, created_at=made_at, **fields
        )
        return self.one(version, status=201)

    def partial_update(self, request: Request, public_id: str) -> Response:
        version = self.found(public_id)
        fields = _with_visibility(self.get_validated_data(V3ReleaseUpdateSerializer), version)
        self.check_if_match(lambda: lock_version(version))
        return self.one(edit_version(actor=self.actor, version=version, **fields))

    def destroy(self, request: Request, public_id: str) -> Response:
        version = self.found(public_id)
        self.check_if_match(lambda: lock_version(version))
        delete_version(actor=self.actor, version=version)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def publish(self, request: Request, public_id: str) -> Response:
        return self.one(move(Move.PUBLISH, actor=self.actor, version=self.found(public_id), seal=True))

    @action(detail=True, methods=["post"])
    def unpublish(self, request: Request, public_id: str) -> Response:
        return self.one(move(Move.UNPUBLISH, actor=self.actor, version=self.found(public_id)))

    @action(detail=True, methods=["post"])
    def archive(self, request: Request, public_id: str) -> Response:
        return self.one(move(Move.ARCHIVE, actor=self.actor, version=self.found(public_id)))

    @action(detail=True, methods=["post"])
    def unarchive(self, request: Request, public_id: str) -> Response:
        return self.one(move(Move.UNARCHIVE, actor=self.actor, version=self.found(public_id)))


@extend_schema_view(
    list=listed(
        V3MyReleaseSerializer,
        None,
        ORDER,
        summary="Releases I may download",
        description="Published, neither private nor archived, of every product the caller may see.",
    )
)
class V3MyReleaseViewSet(V3ReleaseShowing):
    """What a customer's portal shows."""

    shape = V3MyReleaseSerializer
    required_scopes = {"list": Scope.RELEASE_READ}

    def rows(self) -> models.QuerySet[Any]:
        return Version.objects.offerable().filter(download__in=Download.objects.visible_to(self.actor))


def _with_visibility(fields: dict[str, Any], version: Version | None = None) -> dict[str, Any]:
    """`private` as the visibility; what is hidden in another way already stays so."""
    private = fields.pop("private", None)
    if private is None or (version is not None and private is is_private(version)):
        return fields
    return fields | {"visibility": Version.Visibility.PRIVATE if private else Version.Visibility.LISTED}
