"""The shapes of a version in the native API, in responses and in request bodies."""

from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import FlagField
from releasehub.api.common.serializers import InputSerializer, OutputSerializer


class SecurityReleaseSerializer(InputSerializer):
    is_security_release = FlagField(help_text="Whether clients with a `min_age` are offered the version at once")
    reason = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="Recorded in the audit log"
    )


class VersionSerializer(OutputSerializer):
    version_id = serializers.IntegerField(source="pk")
    public_id = serializers.CharField()
    number = serializers.CharField()
    channel = serializers.CharField()
    state = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="The first publication; it never changes")
    public_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when everybody could see it in lists, with all its files"
    )
    is_security_release = serializers.BooleanField()


class VersionAnswerSerializer(serializers.Serializer[Any]):
    version = VersionSerializer()
