"""`/api/downloads/{id}/transfer/`: pass a download to another owner."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from downloads.services import transfer_download
from releasehub.api.native.loading import find_download
from releasehub.api.native.people_serializers import InvitationSerializer, TransferAnswerSerializer, TransferSerializer
from releasehub.api.native.people_viewsets import TAG
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope


class TransferViewSet(NativeViewSet):
    serializer_class = InvitationSerializer
    input_serializer_classes = {"create": TransferSerializer}
    required_scopes = {"create": Scope.PEOPLE_WRITE}

    @extend_schema(
        summary="Give a download to another owner",
        responses={
            200: OpenApiResponse(TransferAnswerSerializer, description="The download has its new owner"),
            202: OpenApiResponse(TransferAnswerSerializer, description="The next owner has to accept the invitation"),
        },
        tags=[TAG],
    )
    def create(self, request: Request, download_id: int) -> Response:
        download = find_download(self.actor, download_id)
        invitation = transfer_download(actor=self.actor, download=download, to=self.get_validated_data()["to"])
        owner = Download.objects.select_related("owner").get(pk=download.pk).owner
        shown = None if invitation is None else self.get_serializer(invitation).data
        body = {
            "download_id": download.pk,
            "owner": {"user_id": owner.pk, "username": owner.get_username()},
            "invitation": shown,
        }
        return Response(body, status=200 if invitation is None else 202)
