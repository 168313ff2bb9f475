"""`/api/uploads/`: files of any size, straight to storage."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import UploadSession
from files.storage import Incoming
from files.uploads.sessions import (
    PartAddress,
    Progress,
    abort_upload,
    begin_upload,
    check_begin,
    check_complete,
    complete_upload,
    find_upload,
    open_incoming,
    progress_of,
    sign_parts,
)
from releasehub.api.common.envelope import HubEnvelopeMixin
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.native.upload_serializers import (
    SuccessSerializer,
    UploadAnswerSerializer,
    UploadCreateSerializer,
    UploadPartsSerializer,
    shown_upload,
)
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from versions.models import Version

DONE = {UploadSession.State.CONFIRMED, UploadSession.State.FAILED}
ANSWER = UploadAnswerSerializer
VERIFYING = OpenApiResponse(ANSWER, description="The hub verifies; ask again.")


@extend_schema_view(
    create=extend_schema(request=UploadCreateSerializer, responses={201: ANSWER}, summary="Begin an upload"),
    retrieve=extend_schema(responses={200: ANSWER}, summary="State, and which parts arrived"),
    parts=extend_schema(request=UploadPartsSerializer, responses={200: ANSWER}, summary="Fresh addresses for parts"),
    complete=extend_schema(request=None, responses={200: ANSWER, 202: VERIFYING}, summary="All bytes are there"),
    destroy=extend_schema(responses={200: SuccessSerializer}, summary="Abort"),
)
@extend_schema(tags=["uploads"])
class UploadViewSet(HubEnvelopeMixin, HubViewSet):
    lookup_field = "public_id"
    lookup_url_kwarg = "public_id"
    lookup_value_regex = "[a-z0-9]{1,24}"
    queryset = UploadSession.objects.all()
    serializer_class = UploadAnswerSerializer
    required_scopes = dict.fromkeys(("create", "retrieve", "parts", "complete", "destroy"), Scope.DOWNLOAD_WRITE)

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The checked body of a new upload.  Errors: NotFound."""
        fields = self.get_validated_data(UploadCreateSerializer)
        wanted = fields.pop("version_id", None)
        fields["version"] = None if wanted is None else _version(wanted)
        return fields

    @cached_property
    def upload(self) -> UploadSession:
        return find_upload(self.actor, self.kwargs["public_id"])

    def prepare(self) -> None:
        """What talks to the storage comes before the transaction."""
        if self.action == "create":
            fields = self.fields
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
            check_complete(self.upload)

    def create(self, request: Request) -> Response:
        fields = {name: value for name, value in self.fields.items() if name not in {"size_bytes", "part_bytes"}}
        upload = begin_upload(actor=self.actor, incoming=self.incoming, **fields)
        nothing = Progress([], list(range(1, upload.incoming.part_count + 1)))
        addresses = [] if upload.part_bytes else sign_parts(upload, [(1, "")])
        return self.answer(upload, nothing, addresses, status=201)

    def retrieve(self, request: Request, public_id: str) -> Response:
        return self.answer(self.upload, progress_of(self.upload))

    @action(detail=True, methods=["post"])
    def parts(self, request: Request, public_id: str) -> Response:
        wanted = self.get_validated_data(UploadPartsSerializer)["parts"]
        addresses = sign_parts(self.upload, [(part["number"], part.get("md5", "")) for part in wanted])
        return self.answer(self.upload, Progress([], []), addresses)

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, public_id: str) -> Response:
        upload = complete_upload(actor=self.actor, upload=self.upload)
        everything = list(range(1, upload.incoming.part_count + 1))
        return self.answer(upload, Progress(everything, []), status=200 if upload.state in DONE else 202)

    def destroy(self, request: Request, public_id: str) -> Response:
        abort_upload(actor=self.actor, upload=self.upload)
        return Response({"success": True})

    def answer(
        self, upload: UploadSession, progress: Progress, addresses: list[PartAddress] | None = None, status: int = 200
    ) -> Response:
        shown = shown_upload(
            upload,
            progress,
            addresses or [],
            base_url=self.base_url,
            expires_at=upload.last_active_at + timedelta(days=settings.UPLOAD_DAYS),
        )
        return Response({"upload": shown}, status=status)


def _version(wanted: int | str) -> Version:
    rows = Version.all_objects.select_related("download__category")
    found = rows.filter(**({"pk": wanted} if isinstance(wanted, int) else {"public_id": wanted})).first()
    if found is None:
        raise NotFound
    return cast("Version", found)
