"""`/v3/personal-access-tokens`: the API keys of whoever is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.http import Http404
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.caching import confidential
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.schema import NOTHING, about, listed
from releasehub.api.v3.serializers import moment
from releasehub.api.v3.viewsets import V3ModelViewSet
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.policies import api_key_policy
from releasehub.apikeys.services import delete_key, issue_key, revoke_key, update_key
from releasehub.core.errors import Conflict, Denied, ErrorCode
from releasehub.core.numbers import read_number

ORDER = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "name", "expiresAt": "expires_at"}


class V3PersonalAccessTokenSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    updatedAt = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(read_only=True)
    expiresAt = serializers.DateTimeField(read_only=True, allow_null=True)
    revoked = serializers.BooleanField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    def to_representation(self, key: ApiKey) -> dict[str, Any]:
        return {
            "id": str(key.pk),
            "createdAt": moment(key.created_at),
            "updatedAt": moment(key.updated_at),
            "name": key.name,
            "expiresAt": moment(key.expires_at),
            "revoked": key.revoked_at is not None,
            "scopes": key.scopes,
        }


class V3NewPersonalAccessTokenSerializer(V3PersonalAccessTokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once")


class V3PersonalAccessTokenUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=100, required=False)
    scopes = serializers.ListField(child=serializers.CharField(max_length=100), max_length=100, required=False)
    expiresAt = serializers.DateTimeField(required=False, allow_null=True, source="expires_at")
    revoked = serializers.BooleanField(required=False, help_text="Once true it stays so")


class V3PersonalAccessTokenCreateSerializer(V3PersonalAccessTokenUpdateSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.CharField(max_length=100), max_length=100)


@extend_schema_view(
    list=listed(V3PersonalAccessTokenSerializer, None, ORDER, summary="List my personal access tokens"),
    retrieve=about(summary="Get a personal access token", responses={200: V3PersonalAccessTokenSerializer}),
    create=about(
        summary="Make a personal access token; the secret is in this answer only",
        request=V3PersonalAccessTokenCreateSerializer,
        responses={201: V3NewPersonalAccessTokenSerializer},
    ),
    partial_update=about(
        summary="Change or revoke a personal access token",
        request=V3PersonalAccessTokenUpdateSerializer,
        responses={200: V3PersonalAccessTokenSerializer},
    ),
    destroy=about(summary="Delete a personal access token", responses={204: NOTHING}),
)
class V3PersonalAccessTokenViewSet(V3ModelViewSet):
    """For the tokens of a sign-in: no key looks after keys."""

    queryset = ApiKey.objects.select_related("user")
    serializer_class = V3PersonalAccessTokenSerializer
    policy = api_key_policy
    ordering = ORDER
    default_order = ("-id",)
    required_scopes = dict.fromkeys(("list", "retrieve", "create", "partial_update", "destroy"), ())

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if not api_key_policy.is_person(self.actor):
            raise Denied("Sign in for this: a key may not look after keys.")

    def rows(self) -> models.QuerySet[Any]:
        return self.get_queryset().filter(user=self.actor.user)

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        return [V3PersonalAccessTokenSerializer().to_representation(key) for key in objects]

    def found(self, public_id: str) -> ApiKey:
        """Keys have numbers only; other people's are not there, whoever asks.  Errors: Http404."""
        key: ApiKey | None = self.rows().filter(pk=read_number(public_id) or 0).first()
        if key is None:
            raise Http404
        return key

    def retrieve(self, request: Request, public_id: str) -> Response:
        key = self.found(public_id)
        return self.get_tagged_response(key, self.shown([key])[0])

    def create(self, request: Request) -> Response:
        fields = self.get_validated_data(V3PersonalAccessTokenCreateSerializer)
        is_revoked = fields.pop("revoked", False)
        user = self.actor.user
        assert user is not None  # noqa: S101 - a token names a person
        key, secret = issue_key(actor=self.actor, user=user, **fields)
        if is_revoked:
            revoke_key(actor=self.actor, key=key)
        answer = self.get_tagged_response(key, self.shown([key])[0] | {"token": secret})
        answer.status_code = 201
        return confidential(answer)

    def partial_update(self, request: Request, public_id: str) -> Response:
        key = self.found(public_id)
        fields = self.get_validated_data(V3PersonalAccessTokenUpdateSerializer)
        revoked = fields.pop("revoked", None)
        self.check_if_match(lambda: ApiKey.objects.select_for_update().get(pk=key.pk))
        if revoked is False and key.revoked_at is not None:
            raise Conflict(ErrorCode.KEY_REVOKED, "This token is revoked for ever. Make a new one.")
        key = update_key(actor=self.actor, key=key, **fields)
        if revoked:
            revoke_key(actor=self.actor, key=key)
        return self.one(key)

    def destroy(self, request: Request, public_id: str) -> Response:
        key = self.found(public_id)
        self.check_if_match(lambda: ApiKey.objects.select_for_update().get(pk=key.pk))
        delete_key(actor=self.actor, key=key)
        return Response(status=204)
