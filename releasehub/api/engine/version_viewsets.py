"""`/version` and `/versions`: the versions of the download that this dialect serves."""

from functools import cached_property
from typing import Any

from django.db import models
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from files.uploads.attachment_sources import AttachmentSource, find_sources
from releasehub.api.common.model_mixins import (
    CreateModelMixin,
    ListModelMixin,
    PartialUpdateModelMixin,
    RetrieveModelMixin,
)
from releasehub.api.common.parsers import JsonParser
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.engine import terms
from releasehub.api.engine.filters import WELL_FORMED, parse_list
from releasehub.api.engine.input_serializers import (
    EngineAddedFilesSerializer,
    EngineDeleteQuerySerializer,
    EngineLatestQuerySerializer,
    EngineListQuerySerializer,
    EngineVersionCreateSerializer,
    EngineVersionUpdateSerializer,
)
from releasehub.api.engine.pagination import EnginePagination
from releasehub.api.engine.schema import documented_added_files, documented_latest, documented_many, documented_versions
from releasehub.api.engine.viewsets import EngineModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.distribution.latest import newest_version
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.releases import create_with_files, edit_with_files
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


@documented_versions
class EngineVersionViewSet(
    ListModelMixin, RetrieveModelMixin, CreateModelMixin, PartialUpdateModelMixin, EngineModelViewSet
):
    replica_actions = frozenset({"list", "retrieve", "latest"})
    input_serializer_classes = {
        "create": EngineVersionCreateSerializer,
        "partial_update": EngineVersionUpdateSerializer,
        "add_files": EngineAddedFilesSerializer,
    }
    parser_classes = [JsonParser]
    created_status = 200
    required_scopes = usual_scopes(Scope.VERSION_READ, Scope.VERSION_WRITE) | {
        "many": Scope.VERSION_READ,
        "latest": Scope.VERSION_READ,
        "add_files": Scope.VERSION_WRITE,
    }
    field_names = {
        "number": "version_number",
        "title": "name",
        "channel": "version_type",
        "state": "status",
        "release_page_url": "github_release_url",
        "release_notes": "changelog",
        "reference": "file_id",
        "checksum": "hash",
    }

    @cached_property
    def list_query(self) -> dict[str, Any]:
        return self.get_validated_query(EngineListQuerySerializer)

    @cached_property
    def paginator(self) -> EnginePagination:
        """The pagination, which is not a class attribute because the schema shows these pages as plain arrays."""
        return EnginePagination()

    def get_queryset(self) -> models.QuerySet[Version]:
        self.list_query  # noqa: B018 - an invalid query is reported before a missing download
        if self.download.is_deleted:
            return Version.objects.none()
        return Version.objects.listed_in(self.actor, self.download)

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        rows: Any = queryset
        if "channel" in self.list_query:
            rows = terms.with_channel(rows, self.list_query["channel"])
        if "status" in self.list_query:
            rows = terms.with_status(rows, self.list_query["status"])
        if "platform" in self.list_query:
            rows = terms.with_platform(rows, self.list_query["platform"])
        return rows

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related("author")

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.order_by(terms.ORDERS[self.list_query["index"]], "-id")

    def get_object(self) -> Version:
        rows = self.with_relations(Version.all_objects.filter(download=self.download))
        public_id = self.kwargs["id"]
        version: Version | None = rows.filter(public_id=public_id).first() if WELL_FORMED.fullmatch(public_id) else None
        if version is not None:
            version.download = self.download  # the policy reads it
        if version is None or not version_policy.can_view(self.actor, version):
            raise Http404
        return version

    @documented_many
    def many(self, request: Request) -> Response:
        ids = [text for text in parse_list(request.query_params, "ids") if WELL_FORMED.fullmatch(text)]
        rows = Version.objects.visible_in(self.actor, self.download).filter(public_id__in=ids)
        by_id = {version.public_id: version for version in self.with_relations(rows)} if ids else {}
        versions = [by_id[public_id] for public_id in ids if public_id in by_id]
        return Response(self.get_serializer(versions, many=True).data)

    @documented_latest
    def latest(self, request: Request) -> Response:
        """Return the newest version. Only listed versions can be the newest, so any other status finds none."""
        query = self.get_validated_query(EngineLatestQuerySerializer)
        if query.get("status", "listed") != "listed" or self.download.is_deleted:
            raise Http404
        version = newest_version(
            self.download,
            channel=terms.channel_of(query.get("channel", "")),
            platform=query.get("platform", ""),
            cooldown=query["cooldown"],
        )
        return self.get_object_response(version)

    def prepare(self) -> None:
        """Check the permission to see the download first, and then look up the uploads, which is slow."""
        if self.action == "create":
            self.download  # noqa: B018 - raises an exception
        if self.action in self.input_serializer_classes:
            files = self.get_validated_data().get("files", ())
            self.sources: list[AttachmentSource] = find_sources(self.actor, files)

    def lock_object(self, instance: Version) -> models.Model:
        return lock_version(instance)

    def perform_create(self, serializer: InputSerializer) -> None:
        fields = {name: value for name, value in serializer.validated_data.items() if name != "files"}
        if "version_type" in fields:
            fields["channel"] = terms.channel_of(fields.pop("version_type"))
        fields |= terms.state_fields(fields.pop("status"))
        serializer.instance = create_with_files(
            actor=self.actor, download_id=self.download.pk, sources=self.sources, **fields
        )

    def perform_update(self, serializer: InputSerializer) -> None:
        """Change a version. A type or status that is already shown changes nothing.

        Several channels and states share a name in this dialect: a client that sends back what it has read must not
        move a version of the channel dev to alpha.
        """
        version = serializer.instance
        fields = {name: value for name, value in serializer.validated_data.items() if name != "files"}
        version_type, status = fields.pop("version_type", None), fields.pop("status", None)
        if version_type and version_type != terms.type_of(version):
            fields["channel"] = terms.channel_of(version_type)
        if status and status != terms.status_of(version):
            fields |= terms.state_fields(status)
        fields = version.with_notes_field(fields, "changelog")
        serializer.instance = edit_with_files(actor=self.actor, version=version, sources=self.sources, **fields)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version, options = self.get_object(), self.get_validated_query(EngineDeleteQuerySerializer)
        self.check_if_match(lambda: self.lock_object(version))
        delete_version(actor=self.actor, version=version, **options)
        return Response(status=204)

    @documented_added_files
    def add_files(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.change()
