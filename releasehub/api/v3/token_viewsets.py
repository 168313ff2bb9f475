"""`/v3/personal-access-tokens`: the API keys of the signed-in user."""

from typing import Any

from django.db import models
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.caching import confidential
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.token_serializers import (
    V3NewPersonalAccessTokenSerializer,
    V3PersonalAccessTokenCreateSerializer,
    V3PersonalAccessTokenSerializer,
    V3PersonalAccessTokenUpdateSerializer,
)
from releasehub.api.v3.viewsets import V3EditableModelViewSet
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.policies import api_key_policy
from releasehub.apikeys.services import delete_key, issue_key, revoke_key, update_key
from releasehub.core.errors import Conflict, Denied, ErrorCode
from releasehub.core.numbers import read_number


@extend_schema_view(
    list=extend_schema(summary="List my personal access tokens"),
    retrieve=extend_schema(summary="Get a personal access token"),
    create=extend_schema(
        summary="Create a personal access token; only this response contains its secret",
        description="Needs the token of a sign-in, so that a leaked key cannot issue other keys.",
        responses={201: V3NewPersonalAccessTokenSerializer},
    ),
    partial_update=extend_schema(summary="Change or revoke a personal access token"),
    destroy=extend_schema(summary="Delete a personal access token"),
)
class V3PersonalAccessTokenViewSet(V3EditableModelViewSet):
    """Management of keys, for the token of a sign-in only: a leaked key must not be able to issue others."""

    queryset = ApiKey.objects.select_related("user")
    serializer_class = V3PersonalAccessTokenSerializer
    input_serializer_classes = {
        "create": V3PersonalAccessTokenCreateSerializer,
        "partial_update": V3PersonalAccessTokenUpdateSerializer,
    }
    policy = api_key_policy
    ordering = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "name", "expiresAt": "expires_at"}
    default_order = ("id",)
    required_scopes = dict.fromkeys(("list", "retrieve", "create", "partial_update", "destroy"), ())

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if self.action and not api_key_policy.is_person(self.actor):
            raise Denied("Sign in to manage personal access tokens. An API key cannot manage keys.")

    def get_queryset(self) -> models.QuerySet[Any]:
        return self.get_object_queryset().filter(user=self.actor.user)

    def get_object(self) -> ApiKey:
        """Return a key of the user. The keys of other users do not exist here, not even for staff."""
        key: ApiKey | None = self.get_queryset().filter(pk=read_number(self.kwargs["public_id"]) or 0).first()
        if key is None:
            raise Http404
        return key

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        fields = self.get_validated_data()
        is_revoked = fields.pop("revoked", False)
        user = self.actor.user
        assert user is not None  # noqa: S101 - the token of a sign-in has a user
        key, secret = issue_key(actor=self.actor, user=user, **fields)
        if is_revoked:
            revoke_key(actor=self.actor, key=key)
        response = self.get_object_response(key, status=201)
        response.data["token"] = secret
        return confidential(response)

    def perform_update(self, serializer: InputSerializer) -> None:
        key, fields = serializer.instance, dict(serializer.validated_data)
        revoked = fields.pop("revoked", None)
        if revoked is False and key.revoked_at is not None:
            raise Conflict(ErrorCode.KEY_REVOKED, "This token is revoked permanently. Create a new one.")
        serializer.instance = update_key(actor=self.actor, key=key, **fields)
        if revoked:
            revoke_key(actor=self.actor, key=serializer.instance)

    def perform_destroy(self, instance: ApiKey) -> None:
        delete_key(actor=self.actor, key=instance)
