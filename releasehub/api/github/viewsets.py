"""The bases of the view sets of the GitHub dialect."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from django.db import models
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from releasehub.api.common.caching import CALLER_HEADERS
from releasehub.api.common.errors import Stale
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.parsers import JsonParser
from releasehub.api.common.viewsets import HubViewSet, NoRouteViewSet
from releasehub.api.github.errors import GitHubEnvelopeMixin, NoGitHubRoute
from releasehub.api.github.pagination import GitHubPagination
from releasehub.api.github.renderers import AnyMediaType, IndentedRenderer, etag_of
from releasehub.api.github.terms import constant_headers, oauth_scopes
from releasehub.api.github.throttling import GitHubThrottle, current_rate
from releasehub.apikeys.requests import Credential
from releasehub.core.rates import Rate
from releasehub.distribution.repositories import find_repository


class GitHubViewSet(GitHubEnvelopeMixin, HubViewSet):
    throttle_classes = [GitHubThrottle]
    parser_classes = [JsonParser]
    renderer_classes = [IndentedRenderer]
    content_negotiation_class = AnyMediaType
    security = ("bearerKey",)

    @cached_property
    def repository(self) -> Download:
        return find_repository(self.actor, self.kwargs["owner"], self.kwargs["repo"])

    @property
    def credential(self) -> Credential | None:
        """The key or token of the request, or None if it has no valid one."""
        return cast("Credential", self.request.auth) if self.has_credential else None

    @property
    def rate(self) -> Rate:
        """The state of the caller's rate limit."""
        throttles = (throttle for throttle in self.get_throttles() if isinstance(throttle, GitHubThrottle))
        return current_rate(next((throttle.rate for throttle in throttles), None))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Add the headers of the contract, and answer 304 if the client has the content already."""
        final: Any = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(final, Response) and final.data is not None and final.status_code < 300:
            final["ETag"] = etag_of(final.data)
            patch_vary_headers(final, (*CALLER_HEADERS, "Accept"))
            if request.method in SAFE_METHODS:
                final = get_conditional_response(request._request, etag=final["ETag"], response=final) or final
        for name, value in self.contract_headers().items():
            final[name] = value
        return final

    def contract_headers(self) -> dict[str, str]:
        scopes = {"X-OAuth-Scopes": oauth_scopes(self.credential)}
        return {**GitHubThrottle().headers(self.rate), **constant_headers(), **scopes}


class GitHubModelViewSet(GitHubViewSet, HubModelViewSet):
    """A view set that answers with bare arrays and bare objects, whose ETag is a digest of the content."""

    pagination_class = GitHubPagination

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset

    def get_representation(self, data: Any) -> Any:
        return data

    def get_tagged_response(self, instance: models.Model, data: Any, *, status: int = 200) -> Response:
        return Response(data, status=status)

    def check_if_match(self, lock: Callable[[], models.Model]) -> None:
        """Lock the row and compare the ETag of its representation, if the request has `If-Match`."""
        wanted = {part.strip() for part in self.request.headers.get("If-Match", "").split(",")} - {""}
        if not wanted or "*" in wanted:
            return
        if etag_of(self.get_serializer(self.reload(lock())).data) not in wanted:
            raise Stale


class GitHubNoRouteViewSet(NoRouteViewSet, GitHubViewSet):
    error = NoGitHubRoute
