import re
from functools import cached_property
from typing import Any

from django.db import models
from django.http import HttpResponseBase, QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.policies import file_policy
from files.services import add_file, authorize_upload, link_file, lock_file, restore_file, update_file
from files.uploads.intake import AcceptedUpload, accept_upload
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.mc_dm.errors import ParentFilterRequired
from releasehub.api.mc_dm.filters import McDmFileFilterSet
from releasehub.api.mc_dm.full_serializers import McDmFullFileSerializer
from releasehub.api.mc_dm.input_serializers import (
    McDmDeleteSerializer,
    McDmFileCreateSerializer,
    McDmFileUpdateSerializer,
)
from releasehub.api.mc_dm.schema import document_views
from releasehub.api.mc_dm.serializers import McDmFileSerializer
from releasehub.api.mc_dm.viewsets import CONTENT_SCOPES, McDmModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, NotFound, Rejected
from releasehub.core.numbers import read_number
from releasehub.core.querysets import only_row
from releasehub.distribution.delivery import serve_file
from releasehub.distribution.file_permalinks import find_by_id
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


@document_views(
    filters=(
        OpenApiParameter("version_id", int, description="Required unless the key is a super-user key."),
        OpenApiParameter("platform", str),
        OpenApiParameter("architecture", str),
    ),
    example=EXAMPLE,
)
class McDmFileViewSet(McDmModelViewSet):
    serializer_class = McDmFileSerializer
    full_serializer_class = McDmFullFileSerializer
    input_serializer_classes = {
        "create": McDmFileCreateSerializer,
        "update": McDmFileUpdateSerializer,
        "destroy": McDmDeleteSerializer,
    }
    filterset_class = McDmFileFilterSet
    policy = file_policy
    item_key, list_key = "file", "files"
    ordering = ORDER
    required_scopes = CONTENT_SCOPES | {"download": Scope.DOWNLOAD_READ, "restore": Scope.DOWNLOAD_WRITE}
    file_actions = frozenset({"create"})

    def get_queryset(self) -> models.QuerySet[File]:
        """Return the files of the requested version. Deleted files never appear here, not even with `deleted=1`."""
        text = self.request.query_params.get("version_id", "")
        if not (text.isascii() and text.isdigit()):
            if self.is_super_key and not text:
                return File.objects.visible_to(self.actor)
            raise ParentFilterRequired("version_id")
        version = _find_version(read_number(text) or 0)
        is_seen = version is not None and version_policy.can_view(self.actor, version)
        if version is None or not is_seen or version.is_deleted or version.download.is_deleted:
            return File.objects.none()
        return File.objects.listed_in(self.actor, version)

    def get_object_queryset(self) -> models.QuerySet[File]:
        return File.all_objects.select_related("blob", "version__download__category")

    def get_object(self) -> Any:
        """Return the file; a download takes one prepared statement, or none for an anonymous visitor."""
        if self.action != "download":
            return super().get_object()
        file = find_by_id(self.actor, read_number(self.kwargs["pk"]) or 0)
        if file is None or not file_policy.can_view(self.actor, file):
            raise NotFound
        return file

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        related = ("blob", "version__download", "accepted_by") if self.is_full else ("blob",)
        return queryset.select_related(*related)

    def lock_object(self, instance: File) -> models.Model:
        return lock_file(instance)

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        version_id = fields.get("version_id", self.request.query_params.get("version_id"))
        if version_id is None:
            return None
        version = _find_version(int(version_id)) if WHOLE_NUMBER.fullmatch(version_id) else None
        if version is None:
            raise NotFound
        return authorize_upload(actor=self.actor, version=version, filename=filename)

    @cached_property
    def new_file(self) -> dict[str, Any]:
        """The validated fields of a new file, with its version."""
        fields = self.get_validated_data()
        if "file" in fields and "external_url" in fields:
            raise Rejected(
                ErrorCode.FILE_BOTH_SOURCES, "The request has both file and external_url. Send only one of them."
            )
        if "file" not in fields and "external_url" not in fields:
            raise Rejected(ErrorCode.FILE_NO_SOURCE, "The request has neither file nor external_url. Send one of them.")
        version = _find_version(fields.pop("version_id"))
        if version is None:
            raise NotFound
        return fields | {"version": version}

    def prepare(self) -> None:
        """Turn the uploaded bytes into a blob before the transaction that makes them a file.

        Hashing and moving a large upload takes long; a transaction must not stay open meanwhile.
        """
        if self.action == "create" and (file := self.new_file.get("file")):
            self.accepted_upload = accept_upload(
                actor=self.actor,
                version=self.new_file["version"],
                upload=file.staged,
                sha256=self.new_file.get("sha256", ""),
                keep_rejected=self.new_file.get("keep_rejected", False),
            )

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        file = self.add_link() if self.accepted_upload is None else self.add_upload(self.accepted_upload)
        return self.get_object_response(self.reload(file), status=self.created_status)

    def add_link(self) -> File:
        fields = dict(self.new_file)
        url, sha256 = fields.pop("external_url"), fields.pop("sha256", "")
        fields.pop("keep_rejected", None)  # a link is stored in any case, and checked by a worker
        return link_file(actor=self.actor, url=url, declared_checksum=sha256, **fields)

    def add_upload(self, accepted_upload: AcceptedUpload) -> File:
        names = self.new_file.keys() - {"file", "filename", "sha256", "keep_rejected"}
        fields = {name: self.new_file[name] for name in names}
        file = add_file(actor=self.actor, **fields, **vars(accepted_upload))
        self.accepted_upload = None
        return file

    def perform_update(self, serializer: InputSerializer) -> None:
        serializer.instance = update_file(actor=self.actor, file=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: File, *, hard: bool = False, reason: str = "") -> None:
        delete_file(actor=self.actor, file=instance, hard=hard, reason=reason)

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self.get_object_response(self.reload(restore_file(actor=self.actor, file=self.get_object())))

    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        return serve_file(request._request, self.get_object(), self.actor)


def _find_version(pk: int) -> Version | None:
    return only_row(Version.all_objects.select_related("download__category").filter(pk=pk))
