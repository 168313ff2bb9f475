"""`/api/updates/<slug>`: is there something newer for me?"""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from releasehub.api.common.caching import cacheable
from releasehub.api.common.envelope import ERROR_ANSWERS, HubEnvelopeMixin
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.native.update_serializers import UpdateAnswerSerializer, UpdateQuerySerializer, shown_update
from releasehub.apikeys.scopes import Scope
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.access_keys import open_with_secret
from releasehub.distribution.permalinks import best_file, find_download
from releasehub.distribution.updates import Client, explain_update, find_update


@method_decorator(cache_for_anonymous(), name="dispatch")
@extend_schema(tags=["updates"])
class UpdateViewSet(HubEnvelopeMixin, HubViewSet):
    """Open to guests as far as the download is; an access key opens the others."""

    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    required_scopes = {"retrieve": Scope.DOWNLOAD_READ}
    error_answers = ERROR_ANSWERS | {"308": "The download was renamed; `Location` has its present slug."}

    @extend_schema(
        summary="The newest version for a client, if it is newer than its own",
        parameters=[UpdateQuerySerializer],
        responses={200: UpdateAnswerSerializer},
    )
    def retrieve(self, request: Request, slug: str) -> HttpResponseBase:
        query = self.get_validated_query(UpdateQuerySerializer)
        key = open_with_secret(self.actor, query["key"]) if query["key"] else None
        download = find_download(self.actor, slug)
        client = Client(
            installed=query["version"],
            channel=query["channel"],
            platform=query["platform"],
            architecture=query["arch"],
            key=key if query["allowed"] else None,
        )
        version = find_update(download, client)
        file = best_file(version, client.platform, client.architecture) if version else None
        left_out = explain_update(self.actor, download, client, version) if query["explain"] else None
        data = shown_update(version, file, left_out, base_url=self.base_url)
        return cacheable(request, data, is_public=request.auth is None and key is None)
