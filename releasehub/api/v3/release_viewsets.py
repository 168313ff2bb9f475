"""`/v3/releases` and `/v3/me/releases`: versions, which this dialect calls releases."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.response import Response

from downloads.models import Download
from releasehub.api.common.model_mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    PartialUpdateModelMixin,
    RetrieveModelMixin,
)
from releasehub.api.common.move_actions import move_action
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.filters import V3ReleaseFilterSet
from releasehub.api.v3.input_serializers import V3ReleaseCreateSerializer, V3ReleaseUpdateSerializer
from releasehub.api.v3.loading import RELEASE_RELATIONS, find_product, release_context
from releasehub.api.v3.serializers import V3MyReleaseSerializer, V3ReleaseSerializer
from releasehub.api.v3.viewsets import V3ModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.policies import version_policy
from versions.querysets import listed_total, listed_total_of_all
from versions.services import lock_version

PRODUCT = OpenApiParameter("productId", str, description="Only releases of this product.")


class V3BaseReleaseViewSet(ListModelMixin, V3ModelViewSet):
    """The serialization and the order of releases, for every list of releases."""

    queryset = Version.objects.filter(download__deleted_at__isnull=True)
    serializer_class = V3ReleaseSerializer
    policy = version_policy
    ordering = {
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "publishedAt": "published_at",
        "name": "title",
        "version": "sort_key",
        "channel": "channel",
        "totalFiles": "file_count",
    }
    default_order = ("created_at", "id")

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related(*RELEASE_RELATIONS)

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        return release_context(self.actor, instances)


@extend_schema_view(
    list=extend_schema(
        parameters=[PRODUCT],
        summary="List releases",
        description="The oldest first, with archived releases. Private releases are only in the list of their team.",
    ),
    retrieve=extend_schema(summary="Get a release"),
    create=extend_schema(summary="Create a release"),
    partial_update=extend_schema(summary="Change a release; fields left out stay as they are"),
    destroy=extend_schema(summary="Delete a release; its version number stays reserved"),
    publish=extend_schema(
        summary="Publish and seal a release", description="The release needs a file that has passed its checks."
    ),
    unpublish=extend_schema(summary="Turn a release back into a draft, unless it was downloaded"),
    archive=extend_schema(summary="Keep a release, but stop offering it"),
    unarchive=extend_schema(summary="Offer an archived release again"),
)
class V3ReleaseViewSet(
    RetrieveModelMixin, CreateModelMixin, PartialUpdateModelMixin, DestroyModelMixin, V3BaseReleaseViewSet
):
    filterset_class = V3ReleaseFilterSet
    input_serializer_classes = {"create": V3ReleaseCreateSerializer, "partial_update": V3ReleaseUpdateSerializer}
    required_scopes = usual_scopes(Scope.RELEASE_READ, Scope.RELEASE_WRITE) | dict.fromkeys(
        ("publish", "unpublish", "archive", "unarchive"), Scope.RELEASE_WRITE
    )

    @cached_property
    def parent_product(self) -> Download | None:
        """The product that the list is restricted to, or None if there is none that the caller may see."""
        return find_product(self.actor, self.request.query_params["productId"])

    def get_queryset(self) -> models.QuerySet[Any]:
        if not self.request.query_params.get("productId"):
            return self.get_object_queryset().listed_to(self.actor)  # type: ignore[attr-defined]
        product = self.parent_product
        return Version.objects.none() if product is None else Version.objects.listed_in(self.actor, product)

    def get_stored_total(self, queryset: models.QuerySet[Any]) -> int | None:
        """Return the total that is stored with the products, as long as no filter narrows the list."""
        query = self.request.query_params
        if any(query.get(name) for name in V3ReleaseFilterSet.base_filters):
            return None
        if not query.get("productId"):
            return listed_total_of_all(self.actor)
        product = self.parent_product
        return 0 if product is None else listed_total(self.actor, product)

    def lock_object(self, instance: Version) -> models.Model:
        return lock_version(instance)

    def perform_create(self, serializer: InputSerializer) -> None:
        fields = {"created_at": None} | serializer.validated_data
        product = find_product(self.actor, fields.pop("product_id"))
        if product is None:
            raise NotFound("This product does not exist, or you may not see it. Check the id.")
        serializer.instance = create_version(
            actor=self.actor, download_id=product.pk, state=Version.State.DRAFT, **fields
        )

    def perform_update(self, serializer: InputSerializer) -> None:
        fields = serializer.instance.with_notes_field(serializer.validated_data)
        serializer.instance = edit_version(actor=self.actor, version=serializer.instance, **fields)

    def perform_destroy(self, instance: Version) -> None:
        delete_version(actor=self.actor, version=instance)

    publish = move_action(Move.PUBLISH, seal=True)
    unpublish = move_action(Move.UNPUBLISH)
    archive = move_action(Move.ARCHIVE)
    unarchive = move_action(Move.UNARCHIVE)

    def move(self, transition: Move, **options: Any) -> Response:
        """Carry out a transition of the release that the URL names."""
        version = move(transition, actor=self.actor, version=self.get_object(), **options)
        return self.get_object_response(self.reload(version))


@extend_schema_view(
    list=extend_schema(
        summary="List the releases that I may download",
        description="Published releases that are neither private nor archived, of all products the caller may see.",
    )
)
class V3MyReleaseViewSet(V3BaseReleaseViewSet):
    """The releases that a customer portal shows."""

    serializer_class = V3MyReleaseSerializer
    required_scopes = {"list": Scope.RELEASE_READ}

    def get_queryset(self) -> models.QuerySet[Any]:
        return Version.objects.offerable().filter(download__in=Download.objects.visible_to(self.actor))
