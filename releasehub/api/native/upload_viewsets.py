"""`/api/uploads/`: uploads of files of any size, whose parts go directly to the storage."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import UploadSession
from files.storage import Incoming
from files.uploads.ending import abort_upload, check_complete, complete_upload
from files.uploads.parts import PartAddress, Progress, progress_of, sign_parts
from files.uploads.sessions import begin_upload, check_begin, find_upload, open_incoming
from releasehub.api.native.loading import row_of_id
from releasehub.api.native.serializers import SuccessSerializer
from releasehub.api.native.upload_serializers import (
    UploadAnswerSerializer,
    UploadCreateSerializer,
    UploadPartsSerializer,
    UploadSerializer,
)
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from versions.models import Version

FINAL_STATES = {UploadSession.State.CONFIRMED, UploadSession.State.FAILED}
ANSWER = UploadAnswerSerializer
VERIFYING = OpenApiResponse(
    ANSWER, description="The upload is still being verified. Check its status again in a few seconds."
)


@extend_schema_view(
    create=extend_schema(responses={201: ANSWER}, summary="Begin an upload"),
    retrieve=extend_schema(responses={200: ANSWER}, summary="Get the state of an upload, and which parts have arrived"),
    parts=extend_schema(responses={200: ANSWER}, summary="Get signed URLs for parts"),
    complete=extend_schema(responses={200: ANSWER, 202: VERIFYING}, summary="Complete an upload after its last part"),
    destroy=extend_schema(responses={200: SuccessSerializer}, summary="Abort an upload"),
)
@extend_schema(tags=["uploads"])
class UploadViewSet(NativeViewSet):
    serializer_class = UploadSerializer
    input_serializer_classes = {"create": UploadCreateSerializer, "parts": UploadPartsSerializer}
    required_scopes = dict.fromkeys(("create", "retrieve", "parts", "complete", "destroy"), Scope.DOWNLOAD_WRITE)

    @cached_property
    def new_upload(self) -> dict[str, Any]:
        """The validated body of a new upload, with its version."""
        fields = self.get_validated_data()
        version_id = fields.pop("version_id", None)
        rows = Version.all_objects.select_related("download__category")
        fields["version"] = None if version_id is None else row_of_id(rows, version_id)
        return fields

    @cached_property
    def upload(self) -> UploadSession:
        """The upload that the URL names, read once for `prepare` and the action."""
        return find_upload(self.actor, self.kwargs["public_id"])

    def get_object(self) -> UploadSession:
        return self.upload

    def prepare(self) -> None:
        """Call the storage before the transaction: it may be slow, and cannot be rolled back."""
        if self.action == "create":
            fields = self.new_upload
            check_begin(
                actor=self.actor,
                version=fields["version"],
                filename=fields["filename"],
                size_bytes=fields["size_bytes"],
                sha256=fields.get("sha256", ""),
            )
            self.incoming: Incoming = open_incoming(
                size_bytes=fields["size_bytes"], part_bytes=fields.get("part_bytes")
            )
        elif self.action == "complete":
            check_complete(self.get_object())

    def create(self, request: Request) -> Response:
        fields = {name: value for name, value in self.new_upload.items() if name not in {"size_bytes", "part_bytes"}}
        upload = begin_upload(actor=self.actor, incoming=self.incoming, **fields)
        progress = Progress([], list(range(1, upload.incoming.part_count + 1)))
        addresses = [] if upload.part_bytes else sign_parts(upload, [(1, "")])
        return self.get_upload_response(upload, progress, addresses, status=201)

    def retrieve(self, request: Request, public_id: str) -> Response:
        upload = self.get_object()
        return self.get_upload_response(upload, progress_of(upload))

    @action(detail=True, methods=["post"])
    def parts(self, request: Request, public_id: str) -> Response:
        parts, upload = self.get_validated_data()["parts"], self.get_object()
        addresses = sign_parts(upload, [(part["number"], part.get("md5", "")) for part in parts])
        return self.get_upload_response(upload, Progress([], []), addresses)

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, public_id: str) -> Response:
        upload = complete_upload(actor=self.actor, upload=self.get_object())
        progress = Progress(list(range(1, upload.incoming.part_count + 1)), [])
        return self.get_upload_response(upload, progress, status=200 if upload.state in FINAL_STATES else 202)

    def destroy(self, request: Request, public_id: str) -> Response:
        abort_upload(actor=self.actor, upload=self.get_object())
        return Response({"success": True})

    def get_upload_response(
        self, upload: UploadSession, progress: Progress, addresses: Sequence[PartAddress] = (), *, status: int = 200
    ) -> Response:
        context = self.get_serializer_context() | {"progress": progress, "addresses": addresses}
        return Response({"upload": UploadSerializer(upload, context=context).data}, status=status)
