"""The shapes of personal access tokens in the v3 dialect, in responses and in request bodies."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import NamesField
from releasehub.api.common.serializers import InputSerializer, OutputSerializer
from releasehub.api.v3.fields import V3MomentField
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.core.foreign import split_names


class V3PersonalAccessTokenSerializer(OutputSerializer):
    id = serializers.CharField(read_only=True)
    createdAt = V3MomentField(read_only=True, source="created_at")
    updatedAt = V3MomentField(read_only=True, source="updated_at")
    name = serializers.CharField(read_only=True)
    expiresAt = V3MomentField(read_only=True, allow_null=True, source="expires_at")
    revoked = serializers.BooleanField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    def get_scopes(self, key: ApiKey) -> list[str]:
        return sorted([*key.scopes, *key.foreign_scopes])

    def get_id(self, key: ApiKey) -> str:
        return str(key.pk)

    def get_revoked(self, key: ApiKey) -> bool:
        return key.revoked_at is not None


class V3NewPersonalAccessTokenSerializer(V3PersonalAccessTokenSerializer):
    """The response that shows the token; the view adds its value, which no row contains."""

    token = serializers.CharField(read_only=True, help_text="Shown only once")


class V3PersonalAccessTokenUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=100, required=False)
    scopes = NamesField(
        max_length=100,
        required=False,
        help_text="Scopes that the hub does not know are stored and returned, but allow nothing",
    )
    expiresAt = serializers.DateTimeField(required=False, allow_null=True, source="expires_at")
    revoked = serializers.BooleanField(required=False, help_text="A revoked token cannot be made valid again")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Separate the scopes that the hub knows from those that only the original system has."""
        if "scopes" in attrs:
            attrs["scopes"], attrs["foreign_scopes"] = split_names(attrs["scopes"], Scope.values)
        return attrs


class V3PersonalAccessTokenCreateSerializer(V3PersonalAccessTokenUpdateSerializer):
    required_fields = ("name", "scopes")
