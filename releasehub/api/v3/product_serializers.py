"""The shapes of products in the v3 dialect, in responses and in request bodies."""

from typing import Any

from rest_framework import serializers

from downloads.models import Download
from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.api.v3.fields import NullableTextField, V3MomentField

MAX_TITLE_CHARACTERS = 150


class V3ProductSerializer(ReadOnlySerializer):
    """A product. The hub signs no licenses, so the fields about them have the values of a product without any.

    `context["total"]` is a function of the download: the number of its releases that the caller may list.
    """

    id = serializers.CharField(source="public_id")
    createdAt = V3MomentField(source="created_at")
    updatedAt = V3MomentField(source="updated_at")
    name = serializers.CharField(source="title")
    displayName = serializers.CharField(source="title")
    description = serializers.CharField()
    publicKey = serializers.CharField(help_text="Always empty: the hub signs no licenses")
    totalLicenses = serializers.IntegerField(help_text="Always 0: the hub has no licenses")
    totalTrialActivations = serializers.IntegerField()
    totalReleases = serializers.IntegerField()
    totalProductVersions = serializers.IntegerField()
    totalFeatureFlags = serializers.IntegerField()
    secured = serializers.BooleanField(
        source="secures_uploads", help_text="Not in the original API. See the request body"
    )
    licensePolicy = serializers.DictField(allow_null=True)
    trialPolicy = serializers.DictField(allow_null=True)
    metadata = serializers.ListField(child=serializers.DictField())

    constants = {
        "publicKey": "",
        **dict.fromkeys(("totalLicenses", "totalTrialActivations", "totalProductVersions", "totalFeatureFlags"), 0),
        **dict.fromkeys(("licensePolicy", "trialPolicy")),
        "metadata": (),
    }

    def get_total_releases(self, download: Download) -> int:
        return int(self.context["total"](download))


class V3ProductUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=MAX_TITLE_CHARACTERS, required=False)
    displayName = serializers.CharField(
        max_length=MAX_TITLE_CHARACTERS,
        required=False,
        source="display_name",
        help_text="A product has a single name on this hub: `displayName` takes precedence over `name`",
    )
    description = NullableTextField(max_length=50_000)
    secured = serializers.BooleanField(
        required=False,
        source="secures_uploads",
        help_text="Not in the original API. Whether files uploaded from now on are `secured`; true by default",
    )
    versionScheme = serializers.ChoiceField(
        choices=Download.VersionScheme.choices,
        required=False,
        allow_blank=True,
        source="version_scheme",
        help_text="Not in the original API. How versions are read and compared; an empty text detects the scheme",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        name, display_name = attrs.pop("name", ""), attrs.pop("display_name", "")
        return attrs | ({"title": display_name or name} if display_name or name else {})


class V3ProductCreateSerializer(V3ProductUpdateSerializer):
    categoryId = serializers.CharField(
        max_length=64,
        required=False,
        source="category_id",
        help_text="Not in the original API. By default, the first category that accepts new products",
    )
    required_fields = ("name",)
