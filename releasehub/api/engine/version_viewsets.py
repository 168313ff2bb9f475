"""`/version` and `/versions`."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import models
from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from files.uploads.attaching import Source, find_sources
from releasehub.api.common.parsers import JsonParser
from releasehub.api.engine import wire
from releasehub.api.engine.filters import WELL_FORMED, parse_ids
from releasehub.api.engine.schema import documented_latest, documented_many, documented_versions
from releasehub.api.engine.serializers import (
    EngineDeleteQuerySerializer,
    EngineLatestQuerySerializer,
    EngineListQuerySerializer,
    EngineVersionCreateSerializer,
    EngineVersionSerializer,
    EngineVersionUpdateSerializer,
)
from releasehub.api.engine.viewsets import EngineViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.distribution.latest import latest_version
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.releases import create_with_files, edit_with_files
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version

PER_PAGE = 50


@documented_versions
class EngineVersionViewSet(EngineViewSet):
    queryset = Version.objects.all()
    serializer_class = EngineVersionSerializer
    parser_classes = [JsonParser]
    required_scopes = {
        "list": Scope.VERSION_READ,
        "many": Scope.VERSION_READ,
        "latest": Scope.VERSION_READ,
        "retrieve": Scope.VERSION_READ,
        "create": Scope.VERSION_WRITE,
        "partial_update": Scope.VERSION_WRITE,
        "destroy": Scope.VERSION_WRITE,
    }
    field_names = {
        "number": "version_number",
        "title": "name",
        "channel": "version_type",
        "state": "status",
        "release_page_url": "github_release_url",
        "reference": "file_id",
        "sha512": "hash",
    }

    # --- read ---------------------------------------------------------------------------------------------------------

    def list(self, request: Request) -> Response:
        options = self.queried(EngineListQuerySerializer)
        download = self.download
        rows = Version.objects.listed_in(self.actor, download)
        if "channel" in options:
            rows = wire.with_channel(rows, options["channel"])
        if "status" in options:
            rows = wire.with_status(rows, options["status"])
        if "platform" in options:
            rows = wire.with_platform(rows, options["platform"])
        start = (options["page"] - 1) * PER_PAGE
        found = [] if download.is_deleted else [*self.ordered(rows)[start : start + PER_PAGE + 1]]
        return Response(self.shown(found[:PER_PAGE]), headers=self.links(options["page"], len(found) > PER_PAGE))

    def ordered(self, rows: models.QuerySet[Version]) -> models.QuerySet[Version]:
        return rows.select_related("author").order_by("-released_at", "-id")

    def links(self, page: int, has_more: bool) -> dict[str, str]:
        """The pages beside this one.  Source: RFC 8288."""
        parts = []
        for relation, number, is_there in (("prev", page - 1, page > 1), ("next", page + 1, has_more)):
            if is_there:
                query = self.request.query_params.copy()
                query["page"] = str(number)
                parts.append(f'<{self.base_url}{self.request.path}?{query.urlencode()}>; rel="{relation}"')
        return {"Link": ", ".join(parts)} if parts else {}

    @documented_many
    def many(self, request: Request) -> Response:
        wanted = parse_ids(request.query_params.getlist("ids"))
        rows = Version.objects.visible_in(self.actor, self.download).filter(public_id__in=wanted)
        found = {version.public_id: version for version in rows.select_related("author")} if wanted else {}
        return Response(self.shown([found[public_id] for public_id in wanted if public_id in found]))

    @documented_latest
    def latest(self, request: Request) -> Response:
        """Only what is listed is ever the newest.  Errors: Http404."""
        options = self.queried(EngineLatestQuerySerializer)
        version = None
        if options.get("status", "listed") == "listed" and not self.download.is_deleted:
            version = latest_version(
                self.download,
                channel=wire.channel_named(options.get("channel", "")),
                platform=options.get("platform", ""),
            )
        if version is None:
            raise Http404
        return self.get_tagged_response(version, self.shown([version])[0])

    def retrieve(self, request: Request, id: str) -> Response:
        version = self.visible(id)
        return self.get_tagged_response(version, self.shown([version])[0])

    # --- write --------------------------------------------------------------------------------------------------------

    def get_request_data(self) -> Any:
        """The members of `data`, and those beside it."""
        body = super().get_request_data()
        data = body.get("data", {})
        if not isinstance(data, dict):
            raise ValidationError({"data": ["This is not an object."]})
        return {name: value for name, value in body.items() if name != "data"} | data

    @cached_property
    def fields(self) -> dict[str, Any]:
        creates = self.action == "create"
        return self.get_validated_data(EngineVersionCreateSerializer if creates else EngineVersionUpdateSerializer)

    def prepare(self) -> None:
        """Who may not write at all is told so first; then uploads are looked into, which is slow."""
        if self.action == "create":
            self.download  # noqa: B018 - raises
        if self.action in {"create", "partial_update"}:
            self.sources: list[Source] = find_sources(self.actor, self.fields.get("files", ()))

    def create(self, request: Request) -> Response:
        fields = {name: value for name, value in self.fields.items() if name != "files"}
        if "version_type" in fields:
            fields["channel"] = wire.channel_named(fields.pop("version_type"))
        fields |= wire.state_fields(fields.pop("status"))
        version = create_with_files(actor=self.actor, download_id=self.download.pk, sources=self.sources, **fields)
        return self.stored(version)

    def partial_update(self, request: Request, id: str) -> Response:
        """A type or status that is the present one changes nothing: a version of the channel dev reads as alpha."""
        version = self.visible(id)
        fields = {name: value for name, value in self.fields.items() if name != "files"}
        version_type, status = fields.pop("version_type", None), fields.pop("status", None)
        if version_type and version_type != wire.type_of(version):
            fields["channel"] = wire.channel_named(version_type)
        if status and status != wire.status_of(version):
            fields |= wire.state_fields(status)
        self.check_if_match(lambda: lock_version(version))
        return self.stored(edit_with_files(actor=self.actor, version=version, sources=self.sources, **fields))

    def destroy(self, request: Request, id: str) -> Response:
        version, options = self.visible(id), self.queried(EngineDeleteQuerySerializer)
        self.check_if_match(lambda: lock_version(version))
        delete_version(actor=self.actor, version=version, **options)
        return Response(status=204)

    def visible(self, public_id: str) -> Version:
        """Errors: Http404."""
        rows = Version.all_objects.select_related("author").filter(download=self.download)
        version: Version | None = rows.filter(public_id=public_id).first() if WELL_FORMED.fullmatch(public_id) else None
        if version is not None:
            version.download = self.download
        if version is None or not version_policy.can_view(self.actor, version):
            raise Http404
        return version

    def stored(self, version: Version) -> Response:
        """As it is in the database now."""
        fresh = Version.all_objects.select_related("author").get(pk=version.pk)
        return self.get_tagged_response(fresh, self.shown([fresh])[0])
