"""What the views of the engine dialect share: the one download, the limit of requests, who calls, query errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

from django.conf import settings
from rest_framework import exceptions, serializers
from rest_framework.request import Request

from downloads.access import first_with_access
from downloads.models import Download
from downloads.policies import download_policy
from downloads.querysets import DownloadQuerySet
from files.models import File
from releasehub.api.common.problems import MESSAGES, Kind
from releasehub.api.common.ratelimit import AddressThrottle
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.engine.agents import names_an_application
from releasehub.api.engine.errors import EngineEnvelopeMixin
from releasehub.api.engine.serializers import EngineVersionSerializer
from releasehub.core.errors import NotFound
from releasehub.core.rates import Rate
from versions.models import Version

RATE_HEADERS = {
    "X-Ratelimit-Limit": "Requests a minute for this address.",
    "X-Ratelimit-Remaining": "Requests left in this minute.",
    "X-Ratelimit-Reset": "Seconds until the next minute.",
}
NO_DOWNLOAD = "No download is served here, or you may not see it. RELEASEHUB_ENGINE_DOWNLOAD names the one to serve."
AGENT_NEEDED = (
    "Send a User-Agent that names your application, such as my-updater/1.2 (+https://example.com); "
    "the name of an HTTP library alone is not enough."
)


class InvalidQuery(exceptions.APIException):
    """The words of the contract for this failure."""

    status_code = 400
    default_code = "Invalid query parameters"

    def __init__(self, errors: Mapping[str, Any]) -> None:
        super().__init__(" ".join(f"{name}: {message}" for name, messages in errors.items() for message in messages))


class AnonymousAgent(exceptions.APIException):
    status_code = 403
    default_code = "user_agent_required"
    default_detail = AGENT_NEEDED


class NoRoute(exceptions.APIException):
    status_code = 404
    default_code = "not_found"
    default_detail = MESSAGES[Kind.NO_ROUTE]


class EngineThrottle(AddressThrottle):
    documented_headers = RATE_HEADERS
    scope = "engine"
    window_seconds = 60

    def limit(self) -> int:
        limit: int = settings.ENGINE_RATE
        return limit

    def headers(self, rate: Rate) -> Mapping[str, str]:
        return {
            "X-Ratelimit-Limit": str(rate.limit),
            "X-Ratelimit-Remaining": str(rate.remaining),
            "X-Ratelimit-Reset": str(rate.seconds_left),
        }


class EngineViewSet(EngineEnvelopeMixin, HubViewSet):
    throttle_classes = [EngineThrottle]
    security = ("rawKey",)

    def perform_authentication(self, request: Request) -> None:
        """A request counts before its key is looked at, so that refused ones count and tell it as well."""
        super().check_throttles(request)
        if settings.ENGINE_REFUSES_ANONYMOUS_AGENTS and not names_an_application(request.headers.get("User-Agent", "")):
            raise AnonymousAgent
        super().perform_authentication(request)

    def check_throttles(self, request: Request) -> None:
        """Done by `perform_authentication`."""

    @cached_property
    def download(self) -> Download:
        """The one download of this dialect.  Errors: NotFound where there is none that the caller may see."""
        download = first_with_access(self.actor, served())
        if download is None or not download_policy.can_view(self.actor, download):
            raise NotFound(NO_DOWNLOAD)
        return download

    def queried(self, serializer_class: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The checked parameters of the query.  Errors: InvalidQuery."""
        serializer = serializer_class(data=self.request.query_params.dict())
        if not serializer.is_valid():
            raise InvalidQuery(serializer.errors)
        return dict(serializer.validated_data)

    def shown(self, versions: Sequence[Version]) -> list[dict[str, Any]]:
        """Version objects with the files the caller may fetch, in one query."""
        by_id = {version.pk: version for version in versions}
        files: dict[int, list[File]] = defaultdict(list)
        rows = File.objects.fetchable_in(self.actor, self.download).filter(version__in=by_id)
        for file in rows.select_related("blob").order_by("display_order", "id") if by_id else ():
            file.version = by_id[file.version_id]
            files[file.version_id].append(file)
        serializer = EngineVersionSerializer(context={"files": files, "base_url": self.base_url})
        for version in versions:
            version.download = self.download
        return [serializer.to_representation(version) for version in versions]


class EngineNoRouteViewSet(EngineViewSet):
    """For every address below the dialect's that leads nowhere."""

    authentication_classes = []
    permission_classes = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.nothing(request)

    def nothing(self, request: Request) -> NoReturn:
        raise NoRoute


def served() -> DownloadQuerySet:
    """The download that the operator names, else the only or oldest one."""
    rows: DownloadQuerySet = Download.all_objects.select_related("category")
    if settings.ENGINE_DOWNLOAD:
        return rows.with_slug(settings.ENGINE_DOWNLOAD)
    return rows.alive().order_by("id")
