"""The bases of the view sets of the engine dialect, which serves a single download.

The User-Agent of a request names an application, or just the HTTP library that it uses.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from downloads.access import find_with_access
from downloads.models import Download
from downloads.policies import download_policy
from downloads.querysets import DownloadQuerySet
from files.models import File
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.viewsets import HubViewSet, NoRouteViewSet
from releasehub.api.engine.errors import AnonymousAgent, EngineEnvelopeMixin, InvalidQuery, NoRoute
from releasehub.api.engine.serializers import EngineVersionSerializer
from releasehub.api.engine.throttling import EngineThrottle
from releasehub.core.errors import NotFound
from versions.models import Version

_COMMENTS = re.compile(r"\([^()]*\)")
_LIBRARIES = frozenset(
    {
        "aiohttp", "alamofire", "apache-httpclient", "axios", "cfnetwork", "cpp-httplib", "curl", "dart", "darwin",
        "deno", "faraday", "fetch", "go-http-client", "got", "guzzlehttp", "http.rb", "httpie", "httpx", "hyper",
        "insomnia", "jakarta", "java", "java-http-client", "ktor-client", "libcurl", "libwww-perl",
        "lua-resty-http", "lwp::simple", "mechanize", "node", "node-fetch", "node.js", "okhttp", "perl", "php",
        "postmanruntime", "powershell", "python", "python-httpx", "python-requests", "python-urllib",
        "python-urllib3", "reqwest", "rest-client", "restsharp", "ruby", "superagent", "symfony", "typhoeus",
        "undici", "unirest", "ureq", "urllib3", "wget", "winhttp",
    }
)  # fmt: skip


def names_an_application(agent: str) -> bool:
    """Return whether a User-Agent contains a product that is not just an HTTP library.  Source: RFC 9110, 10.1.5."""
    products = _COMMENTS.sub(" ", agent).split()
    return any(product.partition("/")[0].lower() not in _LIBRARIES for product in products)


NO_DOWNLOAD = (
    "No download is served here, or you may not see it. RELEASEHUB_ENGINE_DOWNLOAD contains the slug of the download "
    "to serve."
)


class EngineViewSet(EngineEnvelopeMixin, HubViewSet):
    throttle_classes = [EngineThrottle]
    security = ("rawKey",)

    def perform_authentication(self, request: Request) -> None:
        """Count the request before its key is checked: rejected requests count too, and their responses say so."""
        super().check_throttles(request)
        if settings.ENGINE_REFUSES_ANONYMOUS_AGENTS and not names_an_application(request.headers.get("User-Agent", "")):
            raise AnonymousAgent
        super().perform_authentication(request)

    def check_throttles(self, request: Request) -> None:
        """Do nothing: `perform_authentication` has counted the request."""

    @cached_property
    def download(self) -> Download:
        pk = served_downloads().values_list("pk", flat=True).first()
        download = None if pk is None else find_with_access(self.actor, pk)
        if download is None or not download_policy.can_view(self.actor, download):
            raise NotFound(NO_DOWNLOAD)
        return download

    def get_validated_query(self, serializer_class: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """Return the validated parameters of the query string.

        Raises:
            InvalidQuery: A parameter is missing or invalid. The contract has an error of its own for this case.
        """
        serializer: Any = serializer_class(data=self.request.query_params.dict())
        if not serializer.is_valid():
            raise InvalidQuery(serializer.errors)
        return dict(serializer.validated_data)


class EngineModelViewSet(EngineViewSet, HubModelViewSet):
    """A view set that answers with versions, whatever row its URL names."""

    serializer_class = EngineVersionSerializer

    def get_related_context(self, instances: Sequence[Version]) -> dict[str, Any]:
        """Load the files that the caller may download, in one query."""
        by_id = {version.pk: version for version in instances}
        files: dict[int, list[File]] = defaultdict(list)
        rows = File.objects.fetchable_in(self.actor, self.download).filter(version__in=by_id)
        for file in rows.select_related("blob").order_by("display_order", "id") if by_id else ():
            file.version = by_id[file.version_id]
            files[file.version_id].append(file)
        for version in instances:
            version.download = self.download  # known already, so that no row reads it again
        return {"files": files}

    def get_request_data(self) -> Any:
        """Return the fields inside `data` together with those beside it."""
        body = super().get_request_data()
        data = body.get("data")
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise ValidationError({"data": ["Each item must be a JSON object."]})
        return {name: value for name, value in body.items() if name != "data"} | data

    def get_representation(self, data: Any) -> Any:
        return data


class EngineNoRouteViewSet(NoRouteViewSet, EngineViewSet):
    error = NoRoute


def served_downloads() -> DownloadQuerySet:
    """Return the download with the configured slug, or else all downloads, the oldest first."""
    rows: DownloadQuerySet = Download.all_objects.all()
    if settings.ENGINE_DOWNLOAD:
        return rows.with_slug(settings.ENGINE_DOWNLOAD)
    return rows.alive().order_by("id")
