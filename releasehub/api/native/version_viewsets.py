"""`/api/versions/`: the mark of a security release."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.native.loading import row_of_id
from releasehub.api.native.version_serializers import (
    SecurityReleaseSerializer,
    VersionAnswerSerializer,
    VersionSerializer,
)
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from versions.models import Version


class VersionViewSet(NativeViewSet):
    serializer_class = VersionSerializer
    input_serializer_classes = {"mark_security": SecurityReleaseSerializer}
    required_scopes = {"mark_security": Scope.VERSION_MARK_SECURITY}

    def get_object(self) -> Version:
        rows: QuerySet[Version] = Version.objects.visible_to(self.actor).select_related("download__category")
        return row_of_id(rows, self.kwargs["public_id"])

    @extend_schema(
        summary="Mark a version as a security release, or remove the mark",
        description=(
            "Clients with a cooldown are offered a security release at once. The caller needs the right to manage "
            "versions, and an API key needs a scope of its own, which no other scope includes."
        ),
        responses={200: VersionAnswerSerializer},
        tags=["versions"],
    )
    def mark_security(self, request: Request, public_id: str) -> Response:
        version, data = self.get_object(), self.get_validated_data()
        name = Move.MARK_SECURITY if data["is_security_release"] else Move.UNMARK_SECURITY
        version = move(name, actor=self.actor, version=version, reason=data["reason"])
        return Response({"version": self.get_serializer(version).data})
