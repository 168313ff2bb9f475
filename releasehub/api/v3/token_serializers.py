"""The shapes of personal access tokens in the v3 dialect, in responses and in request bodies."""

from rest_framework import serializers

from releasehub.api.common.fields import NamesField
from releasehub.api.common.scopes import UNKNOWN_SCOPES_HELP, ScopesInputSerializer, scope_names
from releasehub.api.common.serializers import ReadOnlySerializer
from releasehub.api.v3.fields import ExpiryField, V3MomentField
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope


class V3PersonalAccessTokenSerializer(ReadOnlySerializer):
    id = serializers.CharField()
    createdAt = V3MomentField(source="created_at")
    updatedAt = V3MomentField(source="updated_at")
    name = serializers.CharField()
    expiresAt = V3MomentField(allow_null=True, source="expires_at")
    revoked = serializers.BooleanField()
    scopes = serializers.ListField(child=serializers.CharField())

    def get_scopes(self, key: ApiKey) -> list[str]:
        return scope_names(key)

    def get_id(self, key: ApiKey) -> str:
        return str(key.pk)

    def get_revoked(self, key: ApiKey) -> bool:
        return key.revoked_at is not None


class V3NewPersonalAccessTokenSerializer(V3PersonalAccessTokenSerializer):
    """The response that shows the token; the view adds its value, which no row contains."""

    token = serializers.CharField(help_text="Shown only once")


class V3PersonalAccessTokenUpdateSerializer(ScopesInputSerializer):
    known_scopes = Scope.values

    name = serializers.CharField(max_length=100, required=False)
    scopes = NamesField(max_length=100, required=False, help_text=UNKNOWN_SCOPES_HELP)
    expiresAt = ExpiryField(required=False, allow_null=True, source="expires_at")
    revoked = serializers.BooleanField(required=False, help_text="A revoked token cannot be made valid again")


class V3PersonalAccessTokenCreateSerializer(V3PersonalAccessTokenUpdateSerializer):
    required_fields = ("name", "scopes")
