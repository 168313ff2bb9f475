"""`/api/updates/<slug>`: the check for updates."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from releasehub.api.common.caching import cacheable
from releasehub.api.common.envelope import ERROR_ANSWERS
from releasehub.api.native.update_serializers import UpdateAnswer, UpdateAnswerSerializer, UpdateQuerySerializer
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.permalinks import find_download
from releasehub.distribution.presented_keys import open_if_valid, presented_key
from releasehub.distribution.suitable_files import best_file
from releasehub.distribution.updates import Client, explain_update, find_held_back, find_update

CLIENT_HEADER = "X-User-Staging-Id"  # what electron-updater sends


def client_header(request: HttpRequest) -> str:
    """Return the ID of the installation that the client sends as a header."""
    return request.headers.get(CLIENT_HEADER, "")


@method_decorator(cache_for_anonymous(vary_on=client_header), name="dispatch")
@extend_schema(tags=["updates"])
class UpdateViewSet(NativeViewSet):
    """The check for updates: open for public downloads, and with an access key for the others."""

    serializer_class = UpdateAnswerSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    required_scopes = {"retrieve": Scope.DOWNLOAD_READ}
    error_answers = ERROR_ANSWERS | {"308": "The download was renamed; `Location` contains its current slug."}

    @extend_schema(
        summary="Find the newest version for a client, if it is newer than the installed one",
        description="Public downloads need no key. Other downloads need an access key or an API key.",
        parameters=[UpdateQuerySerializer],
        responses={200: UpdateAnswerSerializer},
    )
    def retrieve(self, request: Request, slug: str) -> HttpResponseBase:
        query = self.get_validated_query(UpdateQuerySerializer)
        has_key = open_if_valid(self.actor, query["key"])
        download = find_download(self.actor, slug, is_cacheable=True)
        client = Client(
            installed=query["version"],
            channel=query["channel"],
            platform=query["platform"],
            architecture=query["arch"],
            key=presented_key(self.actor, download.pk) if query["allowed"] else None,
            client_id=query["client"] or client_header(request._request),
            cooldown=query["cooldown"],
        )
        version = find_update(download, client, self.actor)
        file = best_file(version, client.platform, client.architecture, actor=self.actor) if version else None
        left_out = explain_update(self.actor, download, client, version) if query["explain"] else None
        answer = UpdateAnswer(version, file, left_out, find_held_back(download, client, version))
        is_public = request.auth is None and not has_key and not client.client_id
        response = cacheable(request, self.get_serializer(answer).data, is_public=is_public)
        patch_vary_headers(response, (CLIENT_HEADER,))
        return response
