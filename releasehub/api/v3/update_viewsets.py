"""`/v3/releases/update` and `/v3/releases/latest`: the requests of installed programs."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from downloads.models import AccessKey, Download
from releasehub.api.common.caching import cacheable
from releasehub.api.common.loading import files_of
from releasehub.api.v3.loading import RELEASE_RELATIONS, find_product
from releasehub.api.v3.serializers import V3ReleaseSerializer
from releasehub.api.v3.update_serializers import V3LatestQuerySerializer, V3UpdateQuerySerializer
from releasehub.api.v3.viewsets import V3ViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Denied, NotFound
from releasehub.distribution.delivery import header_text
from releasehub.distribution.gate import ensure_key_where_needed
from releasehub.distribution.latest import TooNew
from releasehub.distribution.presented_keys import not_found_for, open_if_valid, presented_key
from releasehub.distribution.updates import Client, find_held_back, find_update
from versions.models import Version
from versions.platforms import platform_spellings

HELD_BACK_HEADER = "X-ReleaseHub-Held-Back"


class V3UpdateViewSet(V3ViewSet):
    """The search for updates: open for public products, and with an access key for the others."""

    serializer_class = V3ReleaseSerializer
    replica_actions = frozenset({"update", "latest"})
    open_actions = frozenset({"update", "latest"})
    required_scopes = {"update": Scope.RELEASE_READ, "latest": Scope.RELEASE_READ}
    held_back: Version | None = None

    @extend_schema(
        operation_id="v3_releases_update",
        summary="Find a newer release",
        description="An installed 1.4 is up to date if the newest release is any 1.4.x.",
        parameters=[V3UpdateQuerySerializer],
        responses={200: V3ReleaseSerializer, 204: OpenApiResponse(description="No newer release exists.")},
    )
    def update(self, request: Request) -> HttpResponseBase:
        query = self.get_validated_query(V3UpdateQuerySerializer)
        response = self.find_response(query)
        return response or self.nothing_newer()

    @extend_schema(
        operation_id="v3_releases_latest",
        summary="Get the newest release",
        description="Public products need no key. Other products need an access key or a token.",
        parameters=[V3LatestQuerySerializer],
    )
    def latest(self, request: Request) -> HttpResponseBase:
        query = self.get_validated_query(V3LatestQuerySerializer)
        response = self.find_response(query)
        if response is None and self.held_back is not None:
            raise TooNew(self.held_back, query["cooldown"])
        if response is None:
            raise NotFound("This product has no release for this platform and channel. Check both parameters.")
        return response

    def find_response(self, query: Mapping[str, Any]) -> HttpResponseBase | None:
        """Return the response with the newest release, or None if no release is newer than the installed one."""
        product, key = self.find_product(query)
        client = Client(
            installed=query.get("version", ""),
            channel=query["channel"].lower(),
            platform=query["platform"].lower(),
            key=key if query.get("allowed") else None,
            cooldown=query["cooldown"],
        )
        version = find_update(product, client, self.actor)
        if version is None:
            self.held_back = find_held_back(product, client, None)
            return None
        is_public = self.request.auth is None and key is None
        return cacheable(self.request, self.serialize(version, client.platform), is_public=is_public)

    def nothing_newer(self) -> HttpResponse:
        """Return the empty response. Its header names a newer release that is too new for the client's `min_age`."""
        response = HttpResponse(status=204)
        if self.held_back is not None:
            response[HELD_BACK_HEADER] = header_text(self.held_back.number)
        return response

    def find_product(self, query: Mapping[str, Any]) -> tuple[Download, AccessKey | None]:
        """Return the product, and the access key of the request."""
        has_key = open_if_valid(self.actor, query["key"])
        product = find_product(self.actor, query["productId"])
        if product is None:
            message = "This product does not exist, or it requires an access key. Check the id and the key."
            raise not_found_for(self.actor, message)
        key = presented_key(self.actor, product.pk)
        if has_key and key is None:
            raise Denied("This access key belongs to another product. Use a key of this product.")
        return product, key

    def serialize(self, release: Version, platform: str) -> dict[str, Any]:
        """Return a release with the files for one platform: the dialect has no field that tells them apart."""
        version = Version.objects.select_related(*RELEASE_RELATIONS).get(pk=release.pk)
        suiting = {"", *platform_spellings(platform)}
        files = [file for file in files_of(self.actor, [version])[version.pk] if file.platform.lower() in suiting]
        ensure_key_where_needed(self.actor, files)
        context = self.get_serializer_context() | {"files": {version.pk: files}}
        return V3ReleaseSerializer(context=context).to_representation(version)
