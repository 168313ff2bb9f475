from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

from django.db import models
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from downloads.access import find_with_access
from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.common.envelope import ParentFilterRequired
from releasehub.api.mc_dm.filters import McDmVersionFilterSet
from releasehub.api.mc_dm.loading import version_context
from releasehub.api.mc_dm.pagination import McDmPagination
from releasehub.api.mc_dm.schema import DELETED, SINCE, documented
from releasehub.api.mc_dm.serializers import (
    McDmFullVersionSerializer,
    McDmVersionCreateSerializer,
    McDmVersionSerializer,
    McDmVersionUpdateSerializer,
    McDmYankSerializer,
)
from releasehub.api.mc_dm.viewsets import McDmViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from releasehub.core.numbers import read_number
from releasehub.distribution.latest import with_primary_file
from releasehub.distribution.listing import newest_versions, version_of_id
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.policies import version_policy
from versions.querysets import listed_total
from versions.services import lock_version

CHANNEL_HEADER = "X-ReleaseHub-Channel"
FILTERS = ("since", "channel", "state", "version_string")


ORDER = {"release_date": "released_at", "version_int": "version_int", "download_count": "download_count"}
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


@documented(
    item="version",
    items="versions",
    normal=McDmVersionSerializer,
    full=McDmFullVersionSerializer,
    create=McDmVersionCreateSerializer,
    update=McDmVersionUpdateSerializer,
    order=ORDER,
    filters=(
        OpenApiParameter("download_id", int, description="Required, except with a super-user key."),
        OpenApiParameter("channel", str),
        OpenApiParameter("version_string", str, description="Exactly this one"),
        OpenApiParameter("state", str, enum=list(Version.State.values)),
        SINCE,
        DELETED,
    ),
    example=EXAMPLE,
    steps=("restore", "publish", "unpublish", "yank", "unyank", "activate"),
)
class McDmVersionViewSet(McDmViewSet):
    queryset = Version.objects.all()
    serializer_class = McDmVersionSerializer
    filterset_class = McDmVersionFilterSet
    policy = version_policy
    item_key, list_key = "version", "versions"
    ordering = ORDER
    required_scopes = {
        "list": Scope.DOWNLOAD_READ,
        "retrieve": Scope.DOWNLOAD_READ,
        "create": Scope.DOWNLOAD_WRITE,
        "update": Scope.DOWNLOAD_WRITE,
        "destroy": Scope.DOWNLOAD_WRITE,
        "restore": Scope.DOWNLOAD_WRITE,
        "publish": Scope.DOWNLOAD_WRITE,
        "unpublish": Scope.DOWNLOAD_WRITE,
        "yank": Scope.DOWNLOAD_WRITE,
        "unyank": Scope.DOWNLOAD_WRITE,
        "activate": Scope.DOWNLOAD_WRITE,
    }

    @cached_property
    def download(self) -> Download | None:
        """The download asked for, if the caller may see it.  Errors: ParentFilterRequired."""
        text = self.request.query_params.get("download_id", "")
        if not (text.isascii() and text.isdigit()):
            if self.is_super_key and not text:
                return None
            raise ParentFilterRequired("download_id")
        download = find_with_access(self.actor, read_number(text) or 0)
        is_seen = download is not None and download_policy.can_view(self.actor, download)
        return download if is_seen else Download(pk=0)

    def rows(self) -> models.QuerySet[Version]:
        """An unseen download has no versions, so the list is empty like that of one that never was."""
        download = self.download
        if self.wants_deleted:
            deleted = Version.all_objects.restorable_by(self.actor)
            return deleted if download is None else deleted.filter(download=download)
        if download is None:
            return Version.objects.listed_to(self.actor)
        if not download.pk or download.is_deleted:
            return Version.objects.none()
        return Version.objects.listed_in(self.actor, download)

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """In a list of one download that download is known already and is not joined to each row."""
        rows = with_primary_file(rows)  # type: ignore[arg-type]
        if self.is_full:
            return rows.select_related("download__category")
        return rows if self.action == "list" and self.download else rows.select_related("download")

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        if self.action == "list" and self.download:
            for version in objects:
                version.download = self.download
        return super().shown(objects)

    def known_total(self, rows: models.QuerySet[Any] | None = None) -> int | None:
        """Kept on the download, as long as nothing else narrows the list."""
        download = self.download
        if self.wants_deleted or download is None or any(self.request.query_params.get(name) for name in FILTERS):
            return None
        return listed_total(self.actor, download) if download.pk else 0

    def serializer_and_context(self, objects: Sequence[Any]) -> tuple[type[BaseSerializer[Any]], dict[str, Any]]:
        if not self.is_full:
            return McDmVersionSerializer, {}
        return McDmFullVersionSerializer, version_context(self.actor, objects)

    def list(self, request: Request) -> Response:
        """What is asked most has a prepared query: the first page as it comes, of a download that is there."""
        download = self.download
        total = self.known_total()
        pages = cast("McDmPagination", self.paginator)
        if not total or download is None or not request.query_params.keys() <= {"download_id", "page", "per_page"}:
            return super().list(request)
        if pages.begin(request, self, total):
            return super().list(request)
        only_listed = not download_policy.is_insider(self.actor, download)
        versions = newest_versions(download, pages.per_page, only_listed=only_listed)
        return self.get_paginated_response(super().shown(versions))

    def tagged(self, target: models.Model, data: Any) -> Response:
        """Tell the channel in a header as well: without `with=full` the documented answer has no member for it."""
        response = super().tagged(target, data)
        response[CHANNEL_HEADER] = target.channel  # type: ignore[attr-defined]
        return response

    def retrieve(self, request: Request, pk: str) -> Response:
        version = version_of_id(read_number(pk) or 0)
        if version is None or not version_policy.can_view(self.actor, version):
            raise NotFound
        return self.tagged(version, {"version": self.shown([version])[0]})

    def create(self, request: Request) -> Response:
        """Shown as it was made: nothing else can have touched it, and it has no file yet."""
        version = create_version(actor=self.actor, **self.parsed(McDmVersionCreateSerializer))
        version.primary_file_id = None  # type: ignore[attr-defined]
        return self.tagged(version, {"version": self.shown([version])[0]})

    def update(self, request: Request, pk: str) -> Response:
        version = self._visible(pk)
        fields = self.parsed(McDmVersionUpdateSerializer)
        self.check_match(lambda: lock_version(version))
        return self.one(edit_version(actor=self.actor, version=version, **fields))

    def destroy(self, request: Request, pk: str) -> Response:
        version = self._visible(pk)
        options = self.deletion(version)
        self.check_match(lambda: lock_version(version))
        delete_version(actor=self.actor, version=version, **options)
        return self.success()

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self.one(move(Move.RESTORE, actor=self.actor, version=self._visible(pk)))

    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        return self.one(move(Move.PUBLISH, actor=self.actor, version=self._visible(pk)))

    @action(detail=True, methods=["post"])
    def unpublish(self, request: Request, pk: str) -> Response:
        return self.one(move(Move.UNPUBLISH, actor=self.actor, version=self._visible(pk)))

    @action(detail=True, methods=["post"])
    def yank(self, request: Request, pk: str) -> Response:
        version, options = self._visible(pk), self.parsed(McDmYankSerializer)
        return self.one(move(Move.YANK, actor=self.actor, version=version, **options))

    @action(detail=True, methods=["post"])
    def unyank(self, request: Request, pk: str) -> Response:
        return self.one(move(Move.UNYANK, actor=self.actor, version=self._visible(pk)))

    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        return self.one(move(Move.ACTIVATE, actor=self.actor, version=self._visible(pk)))

    def _visible(self, pk: str) -> Version:
        version: Version = self.found(Version.all_objects.select_related("download__category"), pk)
        return version
