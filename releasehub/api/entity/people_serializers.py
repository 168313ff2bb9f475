"""The shapes of responses about shares and publishers of an entity."""

from rest_framework import serializers

from releasehub.api.entity.serializers import (
    EntityOutputSerializer,
    EntityPageSerializer,
    EntityPersonSerializer,
    EntityPublisherSerializer,
    EntitySerializer,
)


class EntityPublisherAnswerSerializer(EntityOutputSerializer):
    publisher = EntityPublisherSerializer()


class EntityPublishersSerializer(EntityOutputSerializer):
    publishers = EntityPublisherSerializer(many=True)


class EntityPublisherStatusSerializer(EntityOutputSerializer):
    userId = serializers.CharField()  # noqa: N815 - as on the wire
    isPublisher = serializers.BooleanField()  # noqa: N815 - as on the wire


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
