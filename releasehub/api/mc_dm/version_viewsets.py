from collections.abc import Sequence
from typing import Any, cast

from django.db import models
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.access import find_with_cached_access
from downloads.policies import download_policy
from releasehub.api.common.cursors import Order
from releasehub.api.common.move_actions import move_action
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.mc_dm.filters import McDmVersionFilterSet
from releasehub.api.mc_dm.full_serializers import McDmFullVersionSerializer
from releasehub.api.mc_dm.input_serializers import (
    McDmDeleteSerializer,
    McDmVersionCreateSerializer,
    McDmVersionUpdateSerializer,
    McDmYankSerializer,
)
from releasehub.api.mc_dm.loading import version_context
from releasehub.api.mc_dm.pagination import McDmPagination
from releasehub.api.mc_dm.parents import DownloadChildMixin
from releasehub.api.mc_dm.schema import DELETED, SINCE, document_views
from releasehub.api.mc_dm.serializers import McDmVersionSerializer
from releasehub.api.mc_dm.viewsets import CONTENT_SCOPES, McDmModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from releasehub.core.numbers import read_number
from releasehub.distribution.annotations import with_primary_file
from releasehub.distribution.listing import newest_versions, total_of, version_of_id
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.policies import version_policy
from versions.querysets import listed_total
from versions.services import lock_version

CHANNEL_HEADER = "X-ReleaseHub-Channel"
NEWEST_FIRST = Order.named(Version, ("-released_at", "-id"))  # the order of `newest_versions`
FREQUENT_PARAMETERS = {"download_id", "page", "per_page", "after"}
ORDER = {"release_date": "released_at", "version_int": "sort_key", "download_count": "download_count"}
EXAMPLE = {
    "version_id": 88,
    "download_id": 42,
    "version_string": "1.4.0",
    "version_int": 1004000000,
    "release_notes": "Faster imports.",
    "changelog": "* Fixed crash on import.",
    "release_date": 1746200000,
    "is_published": True,
    "file_count": 2,
    "download_count": 31,
    "display_title": "Acme Importer 1.4.0",
    "primary_file_id": 200,
}


@document_views(
    filters=(
        OpenApiParameter("download_id", int, description="Required unless the key is a super-user key."),
        OpenApiParameter("channel", str),
        OpenApiParameter("version_string", str, description="The version with exactly this number."),
        OpenApiParameter("tag", str, description="The version with exactly this tag."),
        OpenApiParameter("state", str, enum=list(Version.State.values)),
        SINCE,
        DELETED,
    ),
    example=EXAMPLE,
)
class McDmVersionViewSet(DownloadChildMixin, McDmModelViewSet):
    serializer_class = McDmVersionSerializer
    full_serializer_class = McDmFullVersionSerializer
    input_serializer_classes = {
        "create": McDmVersionCreateSerializer,
        "update": McDmVersionUpdateSerializer,
        "destroy": McDmDeleteSerializer,
        "yank": McDmYankSerializer,
    }
    filterset_class = McDmVersionFilterSet
    policy = version_policy
    item_key, list_key = "version", "versions"
    ordering = ORDER
    required_scopes = CONTENT_SCOPES | dict.fromkeys(
        ("restore", "publish", "unpublish", "yank", "unyank", "activate"), Scope.DOWNLOAD_WRITE
    )

    def get_queryset(self) -> models.QuerySet[Version]:
        download = self.parent_download
        if self.wants_deleted:
            deleted = Version.all_objects.restorable_by(self.actor)
            return deleted if download is None else deleted.filter(download=download)
        if download is None:
            return Version.objects.listed_to(self.actor)
        if not download.pk or download.is_deleted:
            return Version.objects.none()
        return Version.objects.listed_in(self.actor, download)

    def get_object_queryset(self) -> models.QuerySet[Version]:
        return with_primary_file(Version.all_objects.select_related("download__category"))

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        queryset = with_primary_file(queryset)  # type: ignore[arg-type]
        if self.is_full:
            return queryset.select_related("download__category")
        # The list of one download has read that download already: `paginate_queryset` attaches it to each version.
        return queryset if self.action == "list" and self.parent_download else queryset.select_related("download")

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        if self.parent_download:
            for version in page or ():
                version.download = self.parent_download
        return page

    def get_stored_total(self, queryset: models.QuerySet[Any] | None = None) -> int | None:
        """Return the total that is stored with the download, as long as no filter narrows the list."""
        download, query = self.parent_download, self.request.query_params
        is_filtered = any(query.get(name) for name in McDmVersionFilterSet.base_filters)
        if self.wants_deleted or download is None or is_filtered:
            return None
        return listed_total(self.actor, download) if download.pk else 0

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        return version_context(self.actor, instances) if self.is_full else {}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page; the most frequent requests take one prepared statement.

        These are the first page of the versions of one download, in the default order and without a filter, and the
        pages that its cursor leads to. Building the same query with the ORM takes longer than running it.
        """
        if not request.query_params.keys() <= FREQUENT_PARAMETERS or "download_id" not in request.query_params:
            return super().list(request)
        return self.list_newest() or super().list(request)

    def list_newest(self) -> Response | None:
        """Return a page of the newest versions, or None if it needs more than the prepared statement."""
        download = self.find_parent(find_with_cached_access)
        paginator = cast("McDmPagination", self.paginator)
        after, is_first = paginator.begin_after(self.request, self, NEWEST_FIRST)
        if download is None or not download.pk or download.is_deleted or not (after or is_first):
            return None
        only_listed = not download_policy.reads_inside(self.actor, download)
        rows = newest_versions(download, paginator.per_page + 1, only_listed=only_listed, after=after)
        if not rows:
            return None
        paginator.total = total_of(rows[0], only_listed=only_listed)
        return self.get_paginated_response(self.get_list_data(paginator.keep(rows)))

    def get_object(self) -> Any:
        """Return the version; the most frequent request takes one prepared statement, as in `list`."""
        if self.action != "retrieve" or self.is_full:
            return super().get_object()
        version = version_of_id(read_number(self.kwargs["pk"]) or 0)
        download = version and find_with_cached_access(self.actor, version.download_id)
        if version is None or download is None:
            raise NotFound
        version.download = download
        if not version_policy.can_view(self.actor, version):
            raise NotFound
        return version

    def get_tagged_response(self, instance: models.Model, data: Any, *, status: int = 200) -> Response:
        """Add the channel as a header: without `with=full`, the documented response has no field for it."""
        response = super().get_tagged_response(instance, data, status=status)
        response[CHANNEL_HEADER] = instance.channel  # type: ignore[attr-defined]
        return response

    def lock_object(self, instance: Version) -> models.Model:
        return lock_version(instance)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Create a version, and show it without reading it again: it cannot have changed, and has no file yet."""
        version = create_version(actor=self.actor, **self.get_validated_data())
        version.primary_file_id = None  # type: ignore[attr-defined]
        return self.get_object_response(version)

    def perform_update(self, serializer: InputSerializer) -> None:
        version = serializer.instance
        serializer.instance = edit_version(actor=self.actor, version=version, **serializer.validated_data)

    def perform_destroy(self, instance: Version, *, hard: bool = False, reason: str = "") -> None:
        delete_version(actor=self.actor, version=instance, hard=hard, reason=reason)

    restore = move_action(Move.RESTORE)
    publish = move_action(Move.PUBLISH)
    unpublish = move_action(Move.UNPUBLISH)
    yank = move_action(Move.YANK)
    unyank = move_action(Move.UNYANK)
    activate = move_action(Move.ACTIVATE)

    def move(self, transition: Move) -> Response:
        """Carry out a transition of the version that the URL names, with the options of the action's body."""
        version = self.get_object()
        options = self.get_validated_data() if self.action in self.input_serializer_classes else {}
        return self.get_object_response(self.reload(move(transition, actor=self.actor, version=version, **options)))
