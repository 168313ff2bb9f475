"""`/v3/releases/update` and `/v3/releases/latest`: what installed programs ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from downloads.models import AccessKey, Download
from releasehub.api.common.caching import cacheable
from releasehub.api.common.fields import FlagField
from releasehub.api.common.loading import files_of
from releasehub.api.v3.release_viewsets import OWNERS
from releasehub.api.v3.schema import about
from releasehub.api.v3.serializers import NAME_LENGTH, VERSION, V3ReleaseSerializer
from releasehub.api.v3.viewsets import V3ViewSet, find_product
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Denied, NotFound
from releasehub.distribution.access_keys import open_with_secret
from releasehub.distribution.gate import ensure_key_where_needed
from releasehub.distribution.updates import Client, find_update
from versions.models import Version

INSTALLED = VERSION.replace("^", "^[vV]?")
RELEASE = {200: V3ReleaseSerializer}


class V3LatestQuerySerializer(serializers.Serializer[Any]):
    productId = serializers.CharField(max_length=NAME_LENGTH)
    platform = serializers.CharField(max_length=NAME_LENGTH)
    channel = serializers.CharField(max_length=NAME_LENGTH, required=False, default="stable")
    key = serializers.CharField(
        max_length=NAME_LENGTH,
        required=False,
        default="",
        allow_blank=True,
        help_text="An access key; needed where the product is not public or a file is secured",
    )
    accountId = serializers.CharField(
        max_length=NAME_LENGTH, required=False, allow_blank=True, help_text="Read and not needed"
    )


class V3UpdateQuerySerializer(V3LatestQuerySerializer):
    version = serializers.RegexField(
        INSTALLED, max_length=128, help_text="Two to four numbers, with or without a leading v: what is installed"
    )
    allowed = FlagField(required=False, default=False, help_text="Only releases that the key opens")


class V3UpdateViewSet(V3ViewSet):
    """Open as far as the product is; an access key opens the others."""

    serializer_class = V3ReleaseSerializer
    open_actions = frozenset({"update", "latest"})
    required_scopes = {"update": Scope.RELEASE_READ, "latest": Scope.RELEASE_READ}

    @about(
        operation_id="v3_releases_update",
        summary="Is there a newer release?",
        description="1.4 installed is up to date with every 1.4.x.",
        parameters=[V3UpdateQuerySerializer],
        responses=RELEASE | {204: OpenApiResponse(description="None is newer.")},
    )
    def update(self, request: Request) -> HttpResponseBase:
        query = self.get_validated_query(V3UpdateQuerySerializer)
        return self._answer(query) or HttpResponse(status=204)

    @about(
        operation_id="v3_releases_latest",
        summary="The newest release",
        parameters=[V3LatestQuerySerializer],
        responses=RELEASE,
    )
    def latest(self, request: Request) -> HttpResponseBase:
        answer = self._answer(self.get_validated_query(V3LatestQuerySerializer))
        if answer is None:
            raise NotFound("This product has no release for that platform and channel.")
        return answer

    def _answer(self, query: Mapping[str, Any]) -> HttpResponseBase | None:
        """None when there is nothing (newer).  Errors: NotFound, Denied."""
        product, key = self._opened(query)
        client = Client(
            installed=query.get("version", ""),
            channel=query["channel"].lower(),
            platform=query["platform"].lower(),
            key=key if query.get("allowed") else None,
        )
        found = find_update(product, client)
        if found is None:
            return None
        release = self._shown(found, client.platform)
        return cacheable(self.request, release, is_public=self.request.auth is None and key is None)

    def _opened(self, query: Mapping[str, Any]) -> tuple[Download, AccessKey | None]:
        """The product, and the key for it.  Errors: NotFound; Denied for a bad key and for that of another product."""
        key = open_with_secret(self.actor, query["key"]) if query["key"] else None
        product = find_product(self.actor, query["productId"])
        if product is None:
            raise NotFound("There is no such product, or it takes an access key.")
        if key is not None and key.download_id != product.pk:
            raise Denied("This access key is for another product.")
        return product, key

    def _shown(self, found: Version, platform: str) -> dict[str, Any]:
        """With the files for that platform: the dialect cannot tell them apart."""
        version = Version.objects.select_related(*OWNERS).get(pk=found.pk)
        files = [file for file in files_of(self.actor, [version])[version.pk] if file.platform in {"", platform}]
        ensure_key_where_needed(self.actor, files)
        serializer = V3ReleaseSerializer(context={"base_url": self.base_url, "files": {version.pk: files}})
        return serializer.to_representation(version)
