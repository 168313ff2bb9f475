"""`…/releases/{id}/assets`: the list of the assets of a release, and uploads."""

import io
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.policies import file_policy
from files.services import authorize_upload, same_file
from files.targets import target_in_name
from files.uploads.intake import accept_upload
from releasehub.api.common.file_parsers import RawFileParser
from releasehub.api.common.model_mixins import ListModelMixin
from releasehub.api.github.errors import asset_envelope
from releasehub.api.github.input_serializers import GitHubUploadQuerySerializer
from releasehub.api.github.loading import release_of_id
from releasehub.api.github.schema import PAGING, RELEASE_ID, repository_operation, upload_operation
from releasehub.api.github.serializers import GitHubAssetSerializer
from releasehub.api.github.terms import READ, WRITE
from releasehub.api.github.viewsets import GitHubModelViewSet
from releasehub.core.errors import Conflict
from releasehub.publishing.release_runs import add_file_of_run, check_run
from releasehub.publishing.replacing import undo_replacement
from versions.models import Version

ASSET = {201: GitHubAssetSerializer}


@extend_schema_view(
    list=repository_operation(
        RELEASE_ID,
        *PAGING,
        operation_id="github_assets_list",
        summary="List the assets of a release",
    ),
)
class GitHubReleaseAssetViewSet(ListModelMixin, GitHubModelViewSet):
    """A file is stored while it arrives; permissions are checked before its first byte."""

    envelope = asset_envelope
    parser_classes = [RawFileParser]
    serializer_class = GitHubAssetSerializer
    policy = file_policy
    lookup_url_kwarg = "release_id"
    required_scopes = {"list": READ, "upload": WRITE, "upload_to_url": WRITE}
    file_actions = frozenset({"upload", "upload_to_url"})
    existing: File | None = None
    begun_at: datetime | None = None
    name = sha256 = ""

    @cached_property
    def release(self) -> Version:
        return release_of_id(self.actor, self.repository, self.kwargs["release_id"])

    def get_queryset(self) -> models.QuerySet[Any]:
        return File.objects.listed_in(self.actor, self.release).order_by("display_order", "id")

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.select_related("blob")

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        for file in page or ():
            file.version = self.release
        return page

    def get_parser_context(self, http_request: HttpRequest) -> dict[str, Any]:
        """Name the file as the query string does, for the parser of the body."""
        context = super().get_parser_context(http_request)
        return {**context, "kwargs": {**context["kwargs"], "filename": http_request.GET.get("name", "")}}

    @cached_property
    def new_asset(self) -> dict[str, Any]:
        """The validated query string of an upload."""
        return self.get_validated_query(GitHubUploadQuerySerializer)

    @property
    def run(self) -> int | None:
        """The run of a release tool that the URL names."""
        return self.kwargs.get("run")

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        release, name = self.release, self.new_asset["name"]
        self.begun_at = timezone.now()
        check_run(release, self.run)
        return authorize_upload(actor=self.actor, version=release, filename=name)

    def prepare(self) -> None:
        """Turn the uploaded bytes into a blob before the transaction that makes them a file."""
        self.name = self.new_asset["name"]  # an invalid query is refused before the body is read
        upload = self.received_file().staged
        self.sha256 = upload.digests.sha256
        self.existing = self.find_existing()
        if self.existing is None:
            try:
                self.accepted_upload = accept_upload(actor=self.actor, version=self.release, upload=upload)
            except Conflict as error:
                self.existing = self.existing_or(error)

    def find_existing(self) -> File | None:
        """Return the asset with the same name and the same bytes."""
        return same_file(self.release, self.name, self.sha256)

    def existing_or(self, error: Conflict) -> File:
        """Return the same asset if another request has added it in the meantime: two runs send the same files.

        Raises:
            Conflict: There is no such asset, so the given error stands.
        """
        existing = self.find_existing()
        if existing is None:
            raise error
        return existing

    def received_file(self) -> Any:
        """Return the file in the body, which may be empty."""
        body: Any = self.request.data
        if not body:
            body = RawFileParser().parse(io.BytesIO(), None, self.request.parser_context).files
        return body["file"]

    def handle_exception(self, error: Exception) -> Response:
        """Undo the deletion of a published file that was to make room for an upload which has failed."""
        if self.begun_at is not None:
            name = self.new_asset["name"]
            undo_replacement(actor=self.actor, version=self.release, filename=name, begun_at=self.begun_at, error=error)
        return super().handle_exception(error)

    @upload_operation("github_assets_upload", responses=ASSET)
    def upload(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        check_run(self.release, self.run)
        file = self.existing or self.add_upload()
        file.version = self.release
        response = self.get_object_response(file, status=201)
        response["Location"] = response.data["url"]
        return response

    @upload_operation("github_assets_upload_to_url", responses=ASSET)
    def upload_to_url(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.upload(request, *args, **kwargs)

    def add_upload(self) -> File:
        assert self.accepted_upload is not None  # noqa: S101 - `prepare` has set it
        platform, architecture = target_in_name(self.accepted_upload.filename)
        try:
            file = add_file_of_run(
                actor=self.actor,
                version=self.release,
                run=self.run,
                platform=platform,
                architecture=architecture,
                display_label=self.new_asset.get("label", ""),
                **vars(self.accepted_upload),
            )
        except Conflict as error:
            return self.existing_or(error)
        self.accepted_upload = None
        return file
