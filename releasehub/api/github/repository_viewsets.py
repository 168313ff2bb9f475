"""`/api/v3/repos/{owner}/{repo}`: downloads, which this dialect calls repositories."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.policies import download_policy
from releasehub.accounts.models import User
from releasehub.api.github.errors import GitHubErrorSerializer
from releasehub.api.github.repository_serializers import GitHubRepositorySerializer
from releasehub.api.github.schema import LOGIN, NO_CONTENT, repository_operation
from releasehub.api.github.terms import READ, WRITE
from releasehub.api.github.viewsets import GitHubViewSet
from releasehub.apikeys.requests import allows
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound

DIGEST = OpenApiParameter("digest", str, OpenApiParameter.PATH, description="`sha256:` and hex digits.")


class GitHubRepositoryViewSet(GitHubViewSet):
    serializer_class = GitHubRepositorySerializer
    required_scopes = {"retrieve": READ, "collaborator": READ, "attestations": READ}
    open_actions = frozenset({"retrieve", "attestations"})

    def get_serializer_context(self) -> dict[str, Any]:
        may_write = self.credential is not None and allows(self.credential, WRITE)
        return super().get_serializer_context() | {"may_write": may_write}

    @repository_operation(operation_id="github_repository", summary="Get a repository")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self.repository).data)

    @repository_operation(
        LOGIN,
        operation_id="github_collaborator",
        summary="Ask whether a user may publish releases",
        description=(
            "The response is 404 if the user may not. Only callers who may publish can ask. Rights that others have as "
            "staff of the hub do not count."
        ),
        responses={204: NO_CONTENT},
    )
    def collaborator(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        download_policy.ensure("post_version", self.actor, self.repository)
        login = self.kwargs["login"]
        users = User.objects.filter(username__iexact=login, is_active=True)
        user = min(users, key=lambda user: user.username != login, default=None)
        # The caller may publish. About others, the response must not tell who is staff of the hub.
        is_own = user is not None and user.pk == self.actor.user_id
        if user is None or not (is_own or download_policy.is_publisher(Actor(user=user), self.repository)):
            raise NotFound
        return Response(status=204)

    @repository_operation(
        DIGEST,
        operation_id="github_attestations",
        summary="Get the attestations of a digest",
        description="The hub has no attestations, so the response is always 404.",
        responses={404: GitHubErrorSerializer},
    )
    def attestations(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        assert self.repository  # noqa: S101 - a hidden repository is 404 for its own reason
        raise NotFound
