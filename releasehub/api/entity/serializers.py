"""The shapes of responses about entities and their versions.

As in the original API, names are in snake case for entities, versions and organizations, and in camel case for stores
and publishers.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

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


class EntityPublicationSerializer(EntityOutputSerializer):
    entityId = serializers.CharField(source="download.public_id")  # noqa: N815 - as on the wire
    organizationId = serializers.CharField(source="organization.public_id")  # noqa: N815 - as on the wire
    isPublic = serializers.BooleanField(source="is_public")  # noqa: N815 - as on the wire
    publishedAt = serializers.DateTimeField(source="created_at")  # noqa: N815 - as on the wire


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
