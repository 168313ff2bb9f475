"""The shape of what the hub knows about the key of a request."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from downloads.models import Download
from releasehub.api.common.serializers import OutputSerializer
from releasehub.apikeys.models import ApiKey


class WhoamiUserSerializer(OutputSerializer):
    user_id = serializers.IntegerField(source="pk")
    username = serializers.CharField()


class WhoamiDownloadSerializer(OutputSerializer):
    download_id = serializers.IntegerField(source="pk")
    slug = serializers.CharField()
    title = serializers.CharField()


class WhoamiKeySerializer(OutputSerializer):
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The beginning of the key; the rest is secret")
    scopes = serializers.ListField(child=serializers.CharField())
    is_super_user = serializers.BooleanField()
    is_bound = serializers.BooleanField(help_text="Whether the key works for `downloads` only")
    downloads = WhoamiDownloadSerializer(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)

    def get_scopes(self, key: ApiKey) -> list[str]:
        return sorted(key.scopes)

    def get_is_bound(self, key: ApiKey) -> bool:
        return bool(key.download_ids)

    def get_downloads(self, key: ApiKey) -> Iterable[Download]:
        return Download.objects.filter(pk__in=key.download_ids).order_by("slug") if key.download_ids else ()


class WhoamiSerializer(OutputSerializer):
    """The actor of a request. `context`: `base_url`, `server_time` and `key` (None for the token of a sign-in)."""

    hub_url = serializers.CharField()
    server_time = serializers.DateTimeField(help_text="Lets a client check its own clock")
    user = WhoamiUserSerializer(allow_null=True, help_text="Null for a super-user key without a user")
    key = WhoamiKeySerializer(allow_null=True, help_text="Null for the token of a sign-in")

    def get_hub_url(self, actor: Any) -> str:
        return str(self.context["base_url"])

    def get_server_time(self, actor: Any) -> Any:
        return self.context["server_time"]

    def get_key(self, actor: Any) -> ApiKey | None:
        return self.context["key"]
