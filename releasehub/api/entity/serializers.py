"""The shapes of responses of the entity dialect.

As in the original API, names are in snake case for entities, versions and organizations, and in camel case for stores
and publishers.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from releasehub.accounts.models import Role
from releasehub.api.common.scopes import scope_names
from releasehub.api.entity.schema import KINDS


@extend_schema_field({"type": ["object", "string", "null"], "additionalProperties": {}})
class ManifestField(serializers.JSONField):
    """A manifest as it was uploaded."""


class EntityOutputSerializer(serializers.Serializer[Any]):
    pass


class EntitySerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    type = serializers.CharField(source="kind", help_text=", ".join(KINDS))
    slug = serializers.CharField()
    name = serializers.CharField(source="title")
    description = serializers.CharField()
    icon_path = serializers.CharField(source="stored_icon.storage_path", default=None, allow_null=True)
    icon_hash = serializers.CharField(source="stored_icon.content_hash", default=None, allow_null=True)
    icon_url = serializers.CharField(
        source="icon_link",
        allow_null=True,
        help_text="A signed URL that is valid for some minutes, or the URL of the icon in the hub",
    )
    visibility = serializers.CharField()
    owner_id = serializers.CharField(source="owner.public_id")
    download_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class EntityVersionSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    entity_id = serializers.CharField(source="download.public_id")
    version = serializers.CharField(source="number")
    tag = serializers.CharField(source="tag_name")
    source_hash = serializers.CharField()
    base_version_id = serializers.CharField(source="base_version.public_id", default=None, allow_null=True)
    is_active = serializers.BooleanField()
    is_yanked = serializers.BooleanField()
    is_security_release = serializers.BooleanField()
    state = serializers.CharField()
    file_size_bytes = serializers.IntegerField(allow_null=True, source="package_bytes")
    sha256 = serializers.CharField(allow_null=True, source="package_sha256")
    has_lockfile = serializers.BooleanField()
    service_dependencies = serializers.ListField(child=serializers.CharField())
    created_by = serializers.CharField(source="author.public_id", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    end_of_support = serializers.DateField(allow_null=True)
    download_count = serializers.IntegerField()


class EntityFullVersionSerializer(EntityVersionSerializer):
    package_json = ManifestField(source="package_manifest")


class EntityStorageSerializer(EntityOutputSerializer):
    provider = serializers.CharField()
    is_platform_managed = serializers.BooleanField()
    bucket_name = serializers.CharField(allow_null=True)
    endpoint = serializers.CharField(allow_null=True)
    region = serializers.CharField(allow_null=True)


class EntityAnswerSerializer(EntityOutputSerializer):
    entity = EntitySerializer()


class EntityCreatedSerializer(EntityAnswerSerializer):
    storage_config = EntityStorageSerializer()


class EntityPageSerializer(EntityOutputSerializer):
    page = serializers.IntegerField()
    pageSize = serializers.IntegerField()  # noqa: N815 - as on the wire
    total = serializers.IntegerField(help_text="The number of objects that the caller may see")


class EntityShownSerializer(EntityCreatedSerializer, EntityPageSerializer):
    active_version = EntityFullVersionSerializer(allow_null=True)
    versions = EntityVersionSerializer(many=True)


class EntityPersonSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    username = serializers.CharField()


class EntityPublisherSerializer(EntityOutputSerializer):
    userId = serializers.CharField(source="user.public_id")  # noqa: N815 - as on the wire
    username = serializers.CharField(source="user.username")
    isOwner = serializers.BooleanField(source="is_owner")  # noqa: N815 - as on the wire
    since = serializers.DateTimeField()


class EntityPublisherAnswerSerializer(EntityOutputSerializer):
    publisher = EntityPublisherSerializer()


class EntityPublishersSerializer(EntityOutputSerializer):
    publishers = EntityPublisherSerializer(many=True)


class EntityPublisherStatusSerializer(EntityOutputSerializer):
    userId = serializers.CharField()  # noqa: N815 - as on the wire
    isPublisher = serializers.BooleanField()  # noqa: N815 - as on the wire


class EntityPublicationSerializer(EntityOutputSerializer):
    entityId = serializers.CharField(source="download.public_id")  # noqa: N815 - as on the wire
    organizationId = serializers.CharField(source="organization.public_id")  # noqa: N815 - as on the wire
    isPublic = serializers.BooleanField(source="is_public")  # noqa: N815 - as on the wire
    publishedAt = serializers.DateTimeField(source="created_at")  # noqa: N815 - as on the wire


class EntityPublicationAnswerSerializer(EntityOutputSerializer):
    publication = EntityPublicationSerializer()


class EntityDetailsSerializer(EntityShownSerializer):
    publishers = EntityPublisherSerializer(many=True)
    contributors = EntityPersonSerializer(many=True)
    dependencies = serializers.ListField(
        child=serializers.CharField(), help_text="The dependencies of the active version"
    )
    store = EntityPublicationSerializer(many=True)


class EntityVersionAnswerSerializer(EntityOutputSerializer):
    version = EntityFullVersionSerializer()


class EntityVersionsSerializer(EntityPageSerializer):
    versions = EntityVersionSerializer(many=True)


class EntityIconUploadSerializer(EntityOutputSerializer):
    upload_url = serializers.CharField()
    storage_path = serializers.CharField()
    expires_in = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class EntityUploadUrlsSerializer(EntityIconUploadSerializer):
    lockfile_upload_url = serializers.CharField()
    package_lock_path = serializers.CharField()


class EntityKnownVersionSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    version = serializers.CharField(source="number")
    source_hash = serializers.CharField()
    is_active = serializers.BooleanField()


class EntityKnownSerializer(EntityOutputSerializer):
    exists = serializers.BooleanField()
    version = EntityKnownVersionSerializer()


class EntityDownloadUrlSerializer(EntityOutputSerializer):
    url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class EntityShareSerializer(EntityOutputSerializer):
    id = serializers.CharField(source="public_id")
    entity_id = serializers.CharField(source="download.public_id")
    user = EntityPersonSerializer()
    shared_by = EntityPersonSerializer(source="created_by", allow_null=True)
    created_at = serializers.DateTimeField()


class EntityNewShareSerializer(EntityOutputSerializer):
    id = serializers.CharField()
    email = serializers.CharField()
    user_id = serializers.CharField()


class EntitySharedSerializer(EntityOutputSerializer):
    created = EntityNewShareSerializer(many=True)
    already_had_access = serializers.ListField(child=serializers.CharField())
    unknown = serializers.ListField(child=serializers.CharField())


class EntitySharesSerializer(EntityPageSerializer):
    shares = EntityShareSerializer(many=True)


class EntityShareOfSerializer(EntityShareSerializer):
    entity = EntitySerializer(source="download")


class EntitySharesOfSerializer(EntityPageSerializer):
    shares = EntityShareOfSerializer(many=True)


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
