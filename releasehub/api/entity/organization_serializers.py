"""The shapes of responses about organizations, their members and roles, and the entities of their stores."""

from rest_framework import serializers

from releasehub.accounts.models import Role
from releasehub.api.common.scopes import scope_names
from releasehub.api.entity.serializers import (
    EntityOutputSerializer,
    EntityPageSerializer,
    EntityPublicationSerializer,
    EntityStorageSerializer,
)


class EntityPublicationAnswerSerializer(EntityOutputSerializer):
    publication = EntityPublicationSerializer()


class EntityStoreItemSerializer(EntityPublicationSerializer):
    slug = serializers.CharField(source="download.slug")
    name = serializers.CharField(source="download.title")
    type = serializers.CharField(source="download.kind")
    description = serializers.CharField(source="download.description")
    iconUrl = serializers.CharField(source="download.icon_link", allow_null=True)  # noqa: N815 - as on the wire
    activeVersion = serializers.CharField(source="active_number", allow_null=True)  # noqa: N815 - as on the wire
    activeVersionId = serializers.CharField(source="active_id", allow_null=True)  # noqa: N815 - as on the wire


class EntityStoreSerializer(EntityPageSerializer):
    entities = EntityStoreItemSerializer(many=True)


class EntityStoreItemAnswerSerializer(EntityOutputSerializer):
    publication = EntityStoreItemSerializer()


class EntityOrganizationSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    slug = serializers.CharField()
    created_at = serializers.DateTimeField()


class EntityOrganizationAnswerSerializer(EntityOutputSerializer):
    organization = EntityOrganizationSerializer()


class EntityOrganizationsSerializer(EntityPageSerializer):
    organizations = EntityOrganizationSerializer(many=True)


class EntityMemberSerializer(EntityOutputSerializer):
    user_id = serializers.CharField(source="user.public_id")
    username = serializers.CharField(source="user.username")
    email = serializers.CharField(
        source="visible_email", allow_null=True, help_text="Null unless the caller administers members"
    )
    role_id = serializers.CharField(source="effective_role.public_id")
    role = serializers.CharField(source="effective_role.name")
    joined_at = serializers.DateTimeField(source="created_at")


class EntityMemberAnswerSerializer(EntityOutputSerializer):
    member = EntityMemberSerializer()


class EntityInvitedSerializer(EntityOutputSerializer):
    """An invited person. The answer does not tell whether there is an account, so what it would show is null."""

    user_id = serializers.CharField(allow_null=True, default=None, help_text="Null until the person accepts")
    username = serializers.CharField(allow_null=True, default=None, help_text="Null until the person accepts")
    email = serializers.CharField(source="invitation.invited")
    role_id = serializers.CharField(source="role.public_id")
    role = serializers.CharField(source="role.name")
    joined_at = serializers.DateTimeField(allow_null=True, default=None, help_text="Null until the person accepts")


class EntityInvitationSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class EntityInvitationAnswerSerializer(EntityOutputSerializer):
    member = EntityInvitedSerializer()
    invitation = EntityInvitationSerializer()


class EntityRoleSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    scope_ids = serializers.SerializerMethodField()
    is_built_in = serializers.BooleanField()

    def get_scope_ids(self, role: Role) -> list[str]:
        return scope_names(role)


class EntityRoleAnswerSerializer(EntityOutputSerializer):
    role = EntityRoleSerializer()


class EntityRolesSerializer(EntityOutputSerializer):
    roles = EntityRoleSerializer(many=True)


class EntityStorageAnswerSerializer(EntityOutputSerializer):
    storage_config = EntityStorageSerializer()


class EntityOrganizationShownSerializer(EntityStorageAnswerSerializer, EntityRolesSerializer, EntityPageSerializer):
    organization = EntityOrganizationSerializer()
    members = EntityMemberSerializer(many=True)
    package_feed_key = serializers.CharField(allow_null=True, help_text="Always null: the hub has no package feed")
