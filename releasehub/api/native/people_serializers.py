"""The shapes of invitations and of changes of owner in the native API, in responses and in request bodies."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from releasehub.accounts.models import Invitation
from releasehub.accounts.services.invitations import MAX_INVITED_CHARACTERS
from releasehub.api.common.fields import FlagField, UnsignedField
from releasehub.api.common.serializers import InputSerializer, OutputSerializer, QuerySerializer
from releasehub.api.native.whoami_serializers import WhoamiUserSerializer


class InvitationListQuerySerializer(QuerySerializer):
    download_id = UnsignedField(required=False, help_text="The download whose pending invitations are listed")
    organization_id = serializers.CharField(required=False, help_text="The organization, instead of a download")
    mine = FlagField(default=False, help_text="1: the invitations of the caller to teams and to own downloads")
    limit = UnsignedField(required=False, help_text="1 to 100; 20 by default")
    cursor = serializers.CharField(required=False, help_text="The cursor in `next` or `previous` of another page")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ["download_id" in attrs, "organization_id" in attrs, attrs["mine"]].count(True) != 1:
            raise serializers.ValidationError("Set one of download_id, organization_id and mine=1.")
        return attrs


class InvitationSerializer(OutputSerializer):
    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=Invitation.Kind.values)
    download_id = serializers.IntegerField(allow_null=True, help_text="null for an invitation to an organization")
    invited = serializers.CharField(help_text="The user name or e-mail address, as the inviter wrote it")
    rights = serializers.ListField(
        child=serializers.CharField(), help_text="Team rights, or the id of a role; empty for the ownership"
    )
    requires_organization = serializers.CharField(
        allow_null=True, help_text="The organization to which users have to belong before they can accept"
    )
    invited_by = serializers.CharField(allow_null=True, help_text="The user name; null for a super-user key")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()

    def get_download_id(self, invitation: Invitation) -> int | None:
        return None if invitation.kind == Invitation.Kind.ORGANIZATION else invitation.target_id

    def get_requires_organization(self, invitation: Invitation) -> str | None:
        return getattr(invitation, "required_organization", None)

    def get_invited_by(self, invitation: Invitation) -> str | None:
        return invitation.invited_by.get_username() if invitation.invited_by else None


@extend_schema_serializer(many=False)
class InvitationListSerializer(serializers.Serializer[Any]):
    invitations = InvitationSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class TransferSerializer(InputSerializer):
    to = serializers.CharField(
        max_length=MAX_INVITED_CHARACTERS, help_text="The user name or e-mail address of the next owner"
    )


class TransferAnswerSerializer(serializers.Serializer[Any]):
    download_id = serializers.IntegerField()
    owner = WhoamiUserSerializer(help_text="The owner after this request")
    invitation = InvitationSerializer(
        allow_null=True, help_text="The invitation that the next owner has to accept; null after an immediate transfer"
    )
