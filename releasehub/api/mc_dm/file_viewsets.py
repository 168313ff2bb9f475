from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db import models
from django.http import HttpResponseBase, QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from files.blobs import release_claim
from files.models import File
from files.policies import file_policy
from files.services import add_file, authorize_upload, link_file, lock_file, restore_file, update_file
from files.uploads.intake import AcceptedUpload, accept_upload
from releasehub.api.common.envelope import ParentFilterRequired
from releasehub.api.mc_dm.filters import McDmFileFilterSet
from releasehub.api.mc_dm.schema import documented
from releasehub.api.mc_dm.serializers import (
    McDmFileCreateSerializer,
    McDmFileSerializer,
    McDmFileUpdateSerializer,
    McDmFullFileSerializer,
)
from releasehub.api.mc_dm.viewsets import McDmViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, NotFound, Rejected
from releasehub.core.numbers import read_number
from releasehub.distribution.delivery import serve_file
from releasehub.publishing.deletion import delete_file
from versions.models import Version
from versions.policies import version_policy

WHOLE_NUMBER = re.compile(r"[0-9]{1,19}")
ORDER = {"display_order": "display_order", "file_size": "size_bytes", "download_count": "download_count"}
EXAMPLE = {
    "file_id": 200,
    "version_id": 88,
    "filename": "acme-importer-1.4.0.zip",
    "display_label": "Windows build",
    "file_size": 4194304,
    "file_hash": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "mime_type": "application/zip",
    "is_primary": True,
    "is_externally_linked": False,
    "external_url": None,
    "validation_status": "passed",
    "display_order": 1,
    "download_count": 31,
    "display_name": "acme-importer-1.4.0.zip",
    "is_external": False,
    "is_link_only": False,
}


@documented(
    item="file",
    items="files",
    normal=McDmFileSerializer,
    full=McDmFullFileSerializer,
    create=McDmFileCreateSerializer,
    update=McDmFileUpdateSerializer,
    order=ORDER,
    filters=(
        OpenApiParameter("version_id", int, description="Required, except with a super-user key."),
        OpenApiParameter("platform", str),
        OpenApiParameter("architecture", str),
    ),
    example=EXAMPLE,
    steps=("restore", "download"),
)
class McDmFileViewSet(McDmViewSet):
    queryset = File.objects.all()
    serializer_class = McDmFileSerializer
    filterset_class = McDmFileFilterSet
    policy = file_policy
    item_key, list_key = "file", "files"
    ordering = ORDER
    required_scopes = {
        "list": Scope.DOWNLOAD_READ,
        "retrieve": Scope.DOWNLOAD_READ,
        "download": Scope.DOWNLOAD_READ,
        "create": Scope.DOWNLOAD_WRITE,
        "update": Scope.DOWNLOAD_WRITE,
        "destroy": Scope.DOWNLOAD_WRITE,
        "restore": Scope.DOWNLOAD_WRITE,
    }
    file_actions = frozenset({"create"})
    accepted: AcceptedUpload | None = None

    def rows(self) -> models.QuerySet[File]:
        """Deleted files never appear here, not even with `deleted=1`.  Errors: ParentFilterRequired."""
        text = self.request.query_params.get("version_id", "")
        if not (text.isascii() and text.isdigit()):
            if self.is_super_key and not text:
                return File.objects.visible_to(self.actor)
            raise ParentFilterRequired("version_id")
        version = self._version(read_number(text) or 0)
        is_seen = version is not None and version_policy.can_view(self.actor, version)
        if version is None or not is_seen or version.is_deleted or version.download.is_deleted:
            return File.objects.none()
        return File.objects.listed_in(self.actor, version)

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows.select_related("blob")

    def serializer_and_context(self, objects: Sequence[Any]) -> tuple[type[BaseSerializer[Any]], dict[str, Any]]:
        return (McDmFullFileSerializer if self.is_full else McDmFileSerializer), {}

    def retrieve(self, request: Request, pk: str) -> Response:
        file = self._visible(pk)
        return self.tagged(file, {"file": self.shown([file])[0]})

    @cached_property
    def upload(self) -> dict[str, Any]:
        """The checked fields of a new file, with its version.  Errors: NotFound; Rejected without one source."""
        fields = self.parsed(McDmFileCreateSerializer)
        if "file" in fields and "external_url" in fields:
            raise Rejected(ErrorCode.FILE_BOTH_SOURCES, "Send either file or external_url, not both.")
        if "file" not in fields and "external_url" not in fields:
            raise Rejected(ErrorCode.FILE_NO_SOURCE, "Send a file, or an external_url.")
        version = self._version(fields.pop("version_id"))
        if version is None:
            raise NotFound
        return fields | {"version": version}

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        wanted = fields.get("version_id", self.request.query_params.get("version_id"))
        if wanted is None:
            return None
        version = self._version(int(wanted)) if WHOLE_NUMBER.fullmatch(wanted) else None
        if version is None:
            raise NotFound
        return authorize_upload(actor=self.actor, version=version, filename=filename)

    def prepare(self) -> None:
        """Bytes become a blob before the transaction that makes them a file."""
        if self.action == "create" and (file := self.upload.get("file")):
            sha256, version = self.upload.get("sha256", ""), self.upload["version"]
            self.accepted = accept_upload(actor=self.actor, version=version, upload=file.staged, sha256=sha256)

    def clear(self) -> None:
        super().clear()
        if self.accepted is not None:
            release_claim(self.accepted.blob)

    def create(self, request: Request) -> Response:
        fields = dict(self.upload)
        sha256 = fields.pop("sha256", "")
        if self.accepted is None:
            url = fields.pop("external_url")
            return self.one(link_file(actor=self.actor, url=url, declared_checksum=sha256, **fields))
        fields = {name: value for name, value in fields.items() if name not in {"file", "filename"}}
        file = add_file(actor=self.actor, **fields, **vars(self.accepted))
        self.accepted = None
        return self.one(file)

    def update(self, request: Request, pk: str) -> Response:
        file = self._visible(pk)
        fields = self.parsed(McDmFileUpdateSerializer)
        self.check_match(lambda: lock_file(file))
        return self.one(update_file(actor=self.actor, file=file, **fields))

    def destroy(self, request: Request, pk: str) -> Response:
        file = self._visible(pk)
        options = self.deletion(file)
        self.check_match(lambda: lock_file(file))
        delete_file(actor=self.actor, file=file, **options)
        return self.success()

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self.one(restore_file(actor=self.actor, file=self._visible(pk)))

    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        return serve_file(request._request, self._visible(pk), self.actor)

    def _visible(self, pk: str) -> File:
        file: File = self.found(File.all_objects.select_related("blob", "version__download__category"), pk)
        return file

    def _version(self, pk: int) -> Version | None:
        rows = Version.all_objects.select_related("download__category")
        return rows.filter(pk=pk).first()
