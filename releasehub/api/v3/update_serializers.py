"""The shapes of the queries for updates in the v3 dialect."""

from rest_framework import serializers

from releasehub.api.common.cooldowns import CooldownQuerySerializer
from releasehub.api.common.fields import FlagField
from releasehub.api.v3.fields import MAX_NAME_CHARACTERS
from releasehub.api.v3.input_serializers import VERSION

INSTALLED_VERSION = VERSION.replace("^", "^[vV]?")


class V3LatestQuerySerializer(CooldownQuerySerializer):
    productId = serializers.CharField(max_length=MAX_NAME_CHARACTERS)
    platform = serializers.CharField(max_length=MAX_NAME_CHARACTERS)
    channel = serializers.CharField(max_length=MAX_NAME_CHARACTERS, required=False, default="stable")
    key = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS,
        required=False,
        default="",
        allow_blank=True,
        help_text="An access key; needed if the product is not public or a file is secured",
    )
    accountId = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS, required=False, allow_blank=True, help_text="Accepted and ignored"
    )


class V3UpdateQuerySerializer(V3LatestQuerySerializer):
    version = serializers.RegexField(
        INSTALLED_VERSION,
        max_length=128,
        help_text="The installed version: two to four numbers, with or without a leading v",
    )
    allowed = FlagField(required=False, default=False, help_text="Only releases to which the access key gives access")
