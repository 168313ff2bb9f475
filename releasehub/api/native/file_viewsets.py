"""`/api/files/`: decisions of moderators about files."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from files.accepting import accept_file
from files.models import File
from files.policies import file_policy
from releasehub.api.native.file_serializers import (
    AcceptedFileAnswerSerializer,
    AcceptedFileSerializer,
    FileAcceptSerializer,
)
from releasehub.api.native.loading import row_of_id
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope


class FileViewSet(NativeViewSet):
    serializer_class = AcceptedFileSerializer
    input_serializer_classes = {"accept": FileAcceptSerializer}
    required_scopes = {"accept": Scope.DOWNLOAD_WRITE}

    def get_object(self) -> File:
        rows: QuerySet[File] = File.objects.select_related("blob", "version__download__category")
        return file_policy.visible_or_not_found(self.actor, row_of_id(rows, self.kwargs["public_id"]))

    @extend_schema(
        summary="Let a rejected file through, as a moderator",
        responses={200: AcceptedFileAnswerSerializer},
        tags=["files"],
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, public_id: str) -> Response:
        file = accept_file(actor=self.actor, file=self.get_object(), reason=self.get_validated_data()["reason"])
        return Response({"file": self.get_serializer(file).data})
