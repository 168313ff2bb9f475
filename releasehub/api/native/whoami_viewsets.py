"""`/api/whoami`: what the hub knows about the key in the request."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from releasehub.api.common.caching import confidential
from releasehub.api.common.envelope import HubEnvelopeMixin
from releasehub.api.common.viewsets import HubViewSet
from releasehub.apikeys.models import ApiKey


class WhoamiUserSerializer(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    username = serializers.CharField()


class WhoamiDownloadSerializer(serializers.Serializer[Any]):
    download_id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()


class WhoamiKeySerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the key begins; the rest is a secret")
    scopes = serializers.ListField(child=serializers.CharField())
    is_super_user = serializers.BooleanField()
    is_bound = serializers.BooleanField(help_text="Whether the key works for `downloads` only")
    downloads = WhoamiDownloadSerializer(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class WhoamiSerializer(serializers.Serializer[Any]):
    hub_url = serializers.CharField()
    server_time = serializers.DateTimeField(help_text="Tells a client whether its own clock is right")
    user = WhoamiUserSerializer(allow_null=True, help_text="Null for a super-user key that names no user")
    key = WhoamiKeySerializer(allow_null=True, help_text="Null for the token of a sign-in")


@extend_schema(tags=["keys"])
class WhoamiViewSet(HubEnvelopeMixin, HubViewSet):
    serializer_class = WhoamiSerializer
    open_actions = frozenset()
    required_scopes = {"retrieve": ()}

    @extend_schema(operation_id="whoami", summary="The key in the request, and its user", responses=WhoamiSerializer)
    def retrieve(self, request: Request) -> Response:
        user, key = self.actor.user, request.auth
        data = {
            "hub_url": self.base_url,
            "server_time": timezone.now(),
            "user": {"user_id": user.pk, "username": user.get_username()} if user else None,
            "key": _described(key) if isinstance(key, ApiKey) else None,
        }
        return confidential(Response(WhoamiSerializer(data).data))


def _described(key: ApiKey) -> dict[str, Any]:
    rows = Download.objects.filter(pk__in=key.download_ids).order_by("slug") if key.download_ids else ()
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": sorted(key.scopes),
        "is_super_user": key.is_super_user,
        "is_bound": bool(key.download_ids),
        "downloads": [{"download_id": row.pk, "slug": row.slug, "title": row.title} for row in rows],
        "expires_at": key.expires_at,
    }
