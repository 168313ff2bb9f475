"""`/api/access-keys/`: keys that open one download to whoever holds them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import AccessKey, Download
from downloads.policies import access_key_policy, download_policy
from releasehub.api.common.envelope import HubEnvelopeMixin
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.native.access_key_serializers import (
    AccessKeyAnswerSerializer,
    AccessKeyCreateSerializer,
    AccessKeyListQuerySerializer,
    AccessKeyListSerializer,
    AccessKeySerializer,
    IssuedAccessKeyAnswerSerializer,
)
from releasehub.api.native.pagination import NewestFirst
from releasehub.api.native.upload_serializers import SuccessSerializer
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key


@extend_schema_view(
    list=extend_schema(
        summary="The access keys of a download",
        parameters=[AccessKeyListQuerySerializer],
        responses={200: AccessKeyListSerializer},
    ),
    create=extend_schema(
        summary="Issue an access key; the only answer with its secret",
        request=AccessKeyCreateSerializer,
        responses={201: IssuedAccessKeyAnswerSerializer},
    ),
    retrieve=extend_schema(summary="One access key", responses={200: AccessKeyAnswerSerializer}),
    destroy=extend_schema(summary="Revoke an access key", responses={200: SuccessSerializer}),
)
@extend_schema(tags=["access keys"])
class AccessKeyViewSet(HubEnvelopeMixin, HubViewSet):
    lookup_field = "public_id"
    lookup_value_regex = "[a-z0-9]{1,24}"
    queryset = AccessKey.objects.all()
    pagination_class = NewestFirst
    list_key = "access_keys"
    open_actions = frozenset()
    required_scopes = {
        "list": Scope.DOWNLOAD_READ,
        "retrieve": Scope.DOWNLOAD_READ,
        "create": Scope.DOWNLOAD_WRITE,
        "destroy": Scope.DOWNLOAD_WRITE,
    }

    def list(self, request: Request) -> Response:
        wanted = self.get_validated_query(AccessKeyListQuerySerializer)
        download = self._download(wanted["download_id"])
        download_policy.ensure("manage_access_keys", self.actor, download)
        page = self.paginate_queryset(AccessKey.objects.filter(download=download))
        return self.get_paginated_response(AccessKeySerializer(page, many=True).data)

    def create(self, request: Request) -> Response:
        fields = self.get_validated_data(AccessKeyCreateSerializer)
        download = self._download(fields.pop("download_id"))
        key, secret = issue_access_key(actor=self.actor, download=download, **fields)
        shown = AccessKeySerializer(key).data | {"key": secret}
        return Response({"access_key": shown}, status=201, headers={"Cache-Control": "no-store"})

    def retrieve(self, request: Request, public_id: str) -> Response:
        return Response({"access_key": AccessKeySerializer(self._key(public_id)).data})

    def destroy(self, request: Request, public_id: str) -> Response:
        revoke_access_key(actor=self.actor, key=self._key(public_id))
        return Response({"success": True})

    def _download(self, pk: int) -> Any:
        """Errors: NotFound."""
        download = Download.objects.select_related("category").filter(pk=pk).first()
        if download is None:
            raise NotFound
        return download

    def _key(self, public_id: str) -> AccessKey:
        """Errors: NotFound."""
        key = AccessKey.objects.select_related("download__category").filter(public_id=public_id).first()
        if key is None or not access_key_policy.can_view(self.actor, key):
            raise NotFound
        return key
