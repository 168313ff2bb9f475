"""Upload and download of hosted files: `PUT` and `GET /v3/…/{releaseId}/{filename}`."""

import re
from functools import cached_property
from typing import cast

from django.http import HttpResponseBase, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.services import authorize_upload, same_file
from files.uploads.intake import accept_upload
from releasehub.api.common.file_parsers import RawFileParser, StagingMultiPartParser
from releasehub.api.common.renderers import FileOrForm
from releasehub.api.common.schema import FILE_DESCRIPTION, FILE_RESPONSES
from releasehub.api.v3.loading import find_release
from releasehub.api.v3.serializers import V3ReleaseFileSerializer, account_of
from releasehub.api.v3.viewsets import V3ViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import ErrorCode, Invalid
from releasehub.distribution.delivery import serve_file
from releasehub.distribution.file_permalinks import find_file
from releasehub.distribution.presented_keys import not_found_for, open_if_valid
from releasehub.publishing.replacing import put_file, replaceable_file
from versions.models import Version

NAME = re.compile(r"[A-Za-z0-9._-]+")
CONTENT = {
    "application/octet-stream": OpenApiTypes.BINARY,
    "multipart/form-data": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
}
RELEASE_ID = OpenApiParameter("release_id", str, OpenApiParameter.PATH)
PATH = (RELEASE_ID, OpenApiParameter("filename", str, OpenApiParameter.PATH))
UPLOAD = (
    "The body is the file, or a form with the field `file`. Sending the same file again has no effect. As long as the "
    "release is not published, another file of the same name replaces the first one."
)
KEY = OpenApiParameter("key", str, description="An access key, if the product or the file needs one.")
ACCOUNT = OpenApiParameter("account_id", str, OpenApiParameter.PATH, description="The `tenantId` of the release.")


class V3ContentViewSet(V3ViewSet):
    """Upload and download. A file is stored while it arrives; permissions are checked before its first byte."""

    serializer_class = V3ReleaseFileSerializer
    parser_classes = [StagingMultiPartParser, RawFileParser]
    content_negotiation_class = FileOrForm
    open_actions = frozenset({"download", "download_of_account"})
    required_scopes = {
        "upload": (Scope.RELEASE_READ, Scope.RELEASE_WRITE),
        "upload_unnamed": (Scope.RELEASE_READ, Scope.RELEASE_WRITE),
        "download": Scope.RELEASE_READ,
        "download_of_account": Scope.RELEASE_READ,
    }
    file_actions = frozenset({"upload", "upload_unnamed"})
    existing: File | None = None
    replaced: File | None = None

    @cached_property
    def version(self) -> Version:
        if self.request.method in SAFE_METHODS and (secret := self.request.query_params.get("key")):
            open_if_valid(self.actor, secret)
        version = find_release(self.actor, self.kwargs["release_id"])
        account = self.kwargs.get("account_id")
        if version is None or (account is not None and account != account_of(version.download)):
            raise not_found_for(self.actor)
        return version

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        """Check the file name of the URL or, if the URL has none, the one that came with the file."""
        filename = self.kwargs.get("filename", filename)
        if not NAME.fullmatch(filename):
            message = "A file name may only contain letters, digits, dots, dashes and underscores."
            raise Invalid(message, field="filename", code=ErrorCode.FILE_NAME_INVALID)
        return authorize_upload(actor=self.actor, version=self.version, filename=filename)

    def prepare(self) -> None:
        """Turn the uploaded bytes into a blob before the transaction that makes them a file."""
        body = cast("QueryDict", self.request.data)
        upload = getattr(body.get("file"), "staged", None)
        if upload is None:
            raise ParseError("Send the file as the body, or in the form field file.")
        upload.name = self.kwargs.get("filename", upload.name)
        self.existing = same_file(self.version, upload.name, upload.digests.sha256)
        if self.existing is None:
            self.replaced = replaceable_file(self.version, upload.name)
            self.accepted_upload = accept_upload(
                actor=self.actor, version=self.version, upload=upload, replaces=self.replaced
            )

    @extend_schema(
        operation_id="v3_content_upload",
        summary="Upload a file of a release",
        description=UPLOAD,
        parameters=[*PATH],
        request=CONTENT,
    )
    def upload(self, request: Request, release_id: str, filename: str = "") -> Response:
        file = self.existing
        if self.accepted_upload is not None:
            file = put_file(
                actor=self.actor,
                version=self.version,
                replaces=self.replaced,
                is_secured=self.version.download.secures_uploads,
                **vars(self.accepted_upload),
            )
        self.accepted_upload = None
        assert file is not None  # noqa: S101 - `prepare` has set one of the two
        file.version = self.version
        return Response(self.get_serializer(file).data)

    @extend_schema(
        operation_id="v3_content_upload_unnamed",
        summary="Upload a file of a release, without its name in the URL",
        description=f"The older form. The name is that of the part `file`, or in `Content-Disposition`. {UPLOAD}",
        parameters=[RELEASE_ID],
        request=CONTENT,
    )
    def upload_unnamed(self, request: Request, release_id: str) -> Response:
        return self.upload(request, release_id)

    @extend_schema(
        operation_id="v3_content_download",
        summary="Download a file of a release",
        description=FILE_DESCRIPTION,
        parameters=[*PATH, KEY],
        responses=FILE_RESPONSES,
    )
    def download(self, request: Request, release_id: str, filename: str) -> HttpResponseBase:
        return serve_file(request._request, find_file(self.actor, self.version, filename), self.actor)

    @extend_schema(
        operation_id="v3_account_content_download",
        summary="Download a file of a release, by its account",
        description=FILE_DESCRIPTION,
        parameters=[ACCOUNT, *PATH, KEY],
        responses=FILE_RESPONSES,
    )
    def download_of_account(
        self, request: Request, account_id: str, release_id: str, filename: str
    ) -> HttpResponseBase:
        return self.download(request, release_id, filename)
