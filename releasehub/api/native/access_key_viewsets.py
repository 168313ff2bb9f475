"""`/api/access-keys/`: keys that give their holders access to one download."""

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import AccessKey, Download
from downloads.policies import access_key_policy, download_policy
from releasehub.api.common.caching import confidential
from releasehub.api.common.model_mixins import ListModelMixin, RetrieveModelMixin
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.native.access_key_serializers import (
    AccessKeyAnswerSerializer,
    AccessKeyCreateSerializer,
    AccessKeyListQuerySerializer,
    AccessKeyListSerializer,
    AccessKeySerializer,
    IssuedAccessKeyAnswerSerializer,
)
from releasehub.api.native.loading import find_download
from releasehub.api.native.pagination import NewestFirst
from releasehub.api.native.serializers import SuccessSerializer
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key
from releasehub.distribution.preview_links import issue_preview_link
from versions.models import Version


@extend_schema_view(
    list=extend_schema(
        summary="List the access keys of a download",
        parameters=[AccessKeyListQuerySerializer],
        responses={200: AccessKeyListSerializer},
    ),
    create=extend_schema(
        summary="Issue an access key; only this response contains its secret",
        responses={201: IssuedAccessKeyAnswerSerializer},
    ),
    retrieve=extend_schema(summary="Get an access key", responses={200: AccessKeyAnswerSerializer}),
    destroy=extend_schema(summary="Revoke an access key", responses={200: SuccessSerializer}),
)
@extend_schema(tags=["access keys"])
class AccessKeyViewSet(ListModelMixin, RetrieveModelMixin, NativeViewSet, HubModelViewSet):
    serializer_class = AccessKeySerializer
    input_serializer_classes = {"create": AccessKeyCreateSerializer}
    policy = access_key_policy
    pagination_class = NewestFirst
    list_key = "access_keys"
    open_actions = frozenset()
    required_scopes = {
        # The names of access keys are often those of customers, which the key of a build has no need to read.
        "list": Scope.ACCESS_KEY_READ,
        "retrieve": Scope.ACCESS_KEY_READ,
        # The key of a build publishes files. It must not be able to hand them out to strangers.
        "create": Scope.ACCESS_KEY_WRITE,
        "destroy": Scope.ACCESS_KEY_WRITE,
    }

    def get_queryset(self) -> models.QuerySet[AccessKey]:
        """Return the keys of the download that the query string names."""
        download = find_download(self.actor, self.get_validated_query(AccessKeyListQuerySerializer)["download_id"])
        download_policy.ensure("manage_access_keys", self.actor, download)
        return AccessKey.objects.filter(download=download)

    def get_object_queryset(self) -> models.QuerySet[AccessKey]:
        return AccessKey.objects.select_related("download__category")

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset  # the cursor pagination orders the rows itself

    def get_object_response(self, instance: models.Model, *, status: int = 200) -> Response:
        """Return a key without an ETag: an access key is never changed, only revoked."""
        return Response({"access_key": self.get_serializer(instance).data}, status=status)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        fields = self.get_validated_data()
        download = find_download(self.actor, fields.pop("download_id"))
        key, secret = issue_key(self.actor, download, **fields)
        response = self.get_object_response(key, status=201)
        response.data["access_key"]["key"] = secret
        return confidential(response)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        revoke_access_key(actor=self.actor, key=self.get_object())
        return Response({"success": True})


def issue_key(actor: Actor, download: Download, *, version_id: int | None = None, **fields: Any) -> tuple[Any, str]:
    """Issue an access key, or a preview link if the body names a version."""
    # Before the fields are checked, so that the error does not tell that a hidden download exists.
    download_policy.ensure("manage_access_keys", actor, download)
    if version_id is None:
        return issue_access_key(actor=actor, download=download, **fields)
    for name, field in (("highest_number", "highest_number"), ("own_text", "key")):
        if fields.pop(name, ""):
            raise Invalid(f"Leave out {field}: a preview link opens one version only.", field=field)
    version = first_or_not_found(Version.objects.filter(download=download, pk=version_id))
    version.download = download
    return issue_preview_link(actor=actor, version=version, **fields)
