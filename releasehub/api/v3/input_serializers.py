"""The shapes of request bodies for releases and their files in the v3 dialect."""

from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import UnsignedField, VersionNumberField
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.fields import MAX_NAME_CHARACTERS, NullableTextField, PlatformsField
from releasehub.api.v3.serializers import is_private
from versions.models import Version

VERSION = r"^[0-9]+(\.[0-9]+){1,3}\Z"
MAX_NOTES_CHARACTERS = 4096


class ReleaseNumberField(VersionNumberField, serializers.RegexField):
    """Two to four numbers separated by dots."""


class V3ReleaseUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=MAX_NAME_CHARACTERS, required=False, source="title")
    version = ReleaseNumberField(VERSION, max_length=128, required=False, trim_whitespace=False, source="number")
    channel = serializers.CharField(max_length=MAX_NAME_CHARACTERS, required=False)
    platforms = PlatformsField(required=False)
    platform = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS, required=False, allow_blank=True, help_text="The older form of a list of one"
    )
    private = serializers.BooleanField(required=False)
    notes = NullableTextField(max_length=MAX_NOTES_CHARACTERS, trim_whitespace=False, source="release_notes")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace `platform` by a list, and `private` by the visibility.

        An unlisted release stays unlisted if `private` is true.
        """
        if (platform := attrs.pop("platform", None)) is not None:
            attrs.setdefault("platforms", [platform] if platform else [])
        private = attrs.pop("private", None)
        if private is None or (self.instance is not None and private is is_private(self.instance)):
            return attrs
        return attrs | {"visibility": Version.Visibility.PRIVATE if private else Version.Visibility.LISTED}


class V3ReleaseCreateSerializer(V3ReleaseUpdateSerializer):
    productId = serializers.CharField(max_length=MAX_NAME_CHARACTERS, source="product_id")
    createdAt = serializers.DateTimeField(
        required=False, source="created_at", help_text="Only to import releases that are older than the hub"
    )
    required_fields = ("name", "version")
    default_values = {"channel": "stable"}


class V3ReleaseFileUpdateSerializer(InputSerializer):
    secured = serializers.BooleanField(required=False, source="is_secured")


class V3ReleaseFileCreateSerializer(InputSerializer):
    name = serializers.CharField(max_length=MAX_NAME_CHARACTERS, trim_whitespace=False, source="filename")
    url = serializers.CharField(max_length=2048)
    size = UnsignedField(source="size_bytes")
    checksum = serializers.CharField(
        max_length=256,
        required=False,
        allow_blank=True,
        source="declared_checksum",
        help_text="An MD5 checksum is compared with the file behind the link",
    )
    secured = serializers.BooleanField(source="is_secured")
    releaseId = serializers.CharField(max_length=MAX_NAME_CHARACTERS, source="release_id")
