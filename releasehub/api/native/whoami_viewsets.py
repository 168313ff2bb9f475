"""`/api/whoami`: what the hub knows about the key of the request."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.caching import confidential
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.api.native.whoami_serializers import WhoamiSerializer
from releasehub.apikeys.models import ApiKey


@extend_schema(tags=["keys"])
class WhoamiViewSet(NativeViewSet):
    serializer_class = WhoamiSerializer
    open_actions = frozenset()
    required_scopes = {"retrieve": ()}

    def get_serializer_context(self) -> dict[str, Any]:
        key = self.request.auth if isinstance(self.request.auth, ApiKey) else None
        return super().get_serializer_context() | {"server_time": timezone.now(), "key": key}

    @extend_schema(
        operation_id="whoami", summary="Get the key of the request, and its user", responses=WhoamiSerializer
    )
    def retrieve(self, request: Request) -> Response:
        return confidential(Response(self.get_serializer(self.actor).data))
