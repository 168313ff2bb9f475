"""`/api/v3`, `/api/v3/meta`, `/api/v3/rate_limit`, `/api/v3/user` and `/api/v3/users/{login}`: the hub and accounts."""

from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.github.root_serializers import (
    GitHubMetaSerializer,
    GitHubOwnUserSerializer,
    GitHubProfileSerializer,
    GitHubRateLimitSerializer,
    GitHubRootSerializer,
)
from releasehub.api.github.schema import LOGIN, operation
from releasehub.api.github.serializers import GHOST, Account
from releasehub.api.github.terms import ENTERPRISE_VERSION, READ
from releasehub.api.github.throttling import figures_of
from releasehub.api.github.viewsets import GitHubViewSet
from releasehub.core.errors import Denied, NotFound
from releasehub.distribution.authors import find_author, find_organization

LIMITS = ("core", "search", "graphql", "integration_manifest", "code_search")


class GitHubRootViewSet(GitHubViewSet):
    serializer_class = GitHubRootSerializer
    required_scopes = {"retrieve": (), "meta": (), "rate_limit": ()}

    @operation(operation_id="github_root", summary="List the URLs of the API", responses=GitHubRootSerializer)
    def retrieve(self, request: Request) -> Response:
        return Response(self.get_serializer(self.actor).data)

    @operation(operation_id="github_meta", summary="Get the version of the API", responses=GitHubMetaSerializer)
    def meta(self, request: Request) -> Response:
        return Response({"verifiable_password_authentication": False, "installed_version": ENTERPRISE_VERSION})

    @operation(
        operation_id="github_rate_limit",
        summary="Get the state of the rate limit",
        description="A caller with a valid key has no limit; the figures then never change.",
        responses=GitHubRateLimitSerializer,
    )
    def rate_limit(self, request: Request) -> Response:
        limit, remaining, reset, used = figures_of(self.rate)
        figures = {"limit": limit, "remaining": remaining, "reset": reset, "used": used}
        return Response({"resources": dict.fromkeys(LIMITS, figures), "rate": figures})


class GitHubOwnUserViewSet(GitHubViewSet):
    serializer_class = GitHubOwnUserSerializer
    required_scopes = {"retrieve": ()}
    open_actions = frozenset()

    @operation(operation_id="github_user", summary="Get the user of the key", responses=GitHubOwnUserSerializer)
    def retrieve(self, request: Request) -> Response:
        if self.actor.user is None:
            raise Denied("A super-user key belongs to no user.")
        return Response(self.get_serializer(self.actor.user).data)


class GitHubUserViewSet(GitHubViewSet):
    serializer_class = GitHubProfileSerializer
    required_scopes = {"retrieve": READ}

    @operation(
        LOGIN,
        operation_id="github_user_of_login",
        summary="Get a user or an organization",
        description="The response is 404 unless the account has a repository or a release that the caller may see.",
        responses=GitHubProfileSerializer,
    )
    def retrieve(self, request: Request, login: str) -> Response:
        try:
            account: Account = find_author(self.actor, login)
        except NotFound:
            account = GHOST if login == GHOST.username else find_organization(self.actor, login)
        return Response(self.get_serializer(account).data)
