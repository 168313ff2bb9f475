"""The shapes of access keys in the native API, in responses and in request bodies."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from downloads.models import AccessKey
from releasehub.api.common.fields import UnsignedField, VersionNumberField
from releasehub.api.common.serializers import InputSerializer, QuerySerializer
from releasehub.core.numbers import MAX_INTEGER
from releasehub.distribution.access_keys import MAX_OWN_CHARACTERS
from versions.schemes import MAX_NUMBER_CHARACTERS


class AccessKeyListQuerySerializer(QuerySerializer):
    download_id = UnsignedField()
    limit = UnsignedField(required=False, help_text="1 to 100; 20 by default")
    cursor = serializers.CharField(required=False, help_text="The cursor in `next` or `previous` of another page")


class AccessKeyCreateSerializer(InputSerializer):
    download_id = UnsignedField()
    name = serializers.CharField(max_length=100, help_text="The name of the customer or device that gets the key")
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When the key expires; null: never"
    )
    uses = UnsignedField(
        required=False,
        allow_null=True,
        max_value=MAX_INTEGER,
        help_text="The number of downloads that the key allows; null: unlimited",
    )
    highest_number = VersionNumberField(
        max_length=MAX_NUMBER_CHARACTERS,
        required=False,
        allow_blank=True,
        help_text="The highest version that the key opens; 1.4 includes 1.4.9. Empty: all versions",
    )
    version_id = UnsignedField(
        required=False,
        allow_null=True,
        help_text="A version of the download that is not published yet. The key is then a preview link of that version",
    )
    key = serializers.CharField(
        max_length=MAX_OWN_CHARACTERS,
        required=False,
        trim_whitespace=False,
        source="own_text",
        help_text="The text of a key that the customer has already. By default, a random one is made",
    )


class AccessKeySerializer(serializers.ModelSerializer[AccessKey]):
    id = serializers.CharField(source="public_id")
    is_usable = serializers.BooleanField()

    class Meta:
        model = AccessKey
        fields: tuple[str, ...] = (
            "id",
            "download_id",
            "name",
            "prefix",
            "is_usable",
            "created_at",
            "expires_at",
            "revoked_at",
            "uses_left",
            "highest_number",
            "version_id",
        )
        read_only_fields = fields


class IssuedAccessKeySerializer(AccessKeySerializer):
    key = serializers.CharField(help_text="The secret, shown only in this response")

    class Meta(AccessKeySerializer.Meta):
        fields = (*AccessKeySerializer.Meta.fields, "key")
        read_only_fields = fields


class AccessKeyAnswerSerializer(serializers.Serializer[Any]):
    access_key = AccessKeySerializer()


class IssuedAccessKeyAnswerSerializer(serializers.Serializer[Any]):
    access_key = IssuedAccessKeySerializer()


@extend_schema_serializer(many=False)
class AccessKeyListSerializer(serializers.Serializer[Any]):
    access_keys = AccessKeySerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
