"""The shapes of signing in and of the status of the hub in the v3 dialect."""

from typing import Any

from rest_framework import serializers

from releasehub.accounts.models import Membership, Organization, User
from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.api.v3.fields import V3MomentField


class V3LoginSerializer(InputSerializer):
    accountAlias = serializers.CharField(
        max_length=256, required=False, allow_blank=True, help_text="Accepted and ignored: a hub is a single account"
    )
    accountId = serializers.CharField(max_length=256, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, help_text="An e-mail address or user name")
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class V3AccessTokenSerializer(serializers.Serializer[Any]):
    accessToken = serializers.CharField(help_text="A bearer token that is valid for an hour")


class V3MyOrganizationSerializer(ReadOnlySerializer):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class V3MeSerializer(ReadOnlySerializer):
    """The user of a token. `context["membership"]` is the first membership in an organization, or None."""

    id = serializers.CharField(source="public_id")
    createdAt = V3MomentField(source="date_joined")
    firstName = serializers.CharField(source="first_name")
    lastName = serializers.CharField(source="last_name")
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=["super-admin", "admin", "organization-admin", "user"])
    organization = V3MyOrganizationSerializer(allow_null=True, help_text="The oldest membership")

    def get_role(self, user: User) -> str:
        membership: Membership | None = self.context["membership"]
        if user.is_superuser:
            return "super-admin"
        if user.is_staff:
            return "admin"
        return "organization-admin" if membership and membership.role != Membership.Role.MEMBER else "user"

    def get_organization(self, user: User) -> Organization | None:
        membership: Membership | None = self.context["membership"]
        return membership.organization if membership else None


class V3StatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["up", "down"])
    checks = serializers.DictField(child=serializers.BooleanField())
