"""`/api/v3/repos/{owner}/{repo}/tags` and `/git`: the tags of published versions."""

from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.model_mixins import ListModelMixin
from releasehub.api.github.errors import GitHubEnvelope
from releasehub.api.github.schema import DELETED, PAGING, TAG, repository_operation
from releasehub.api.github.tag_serializers import GitHubReferenceSerializer, GitHubTagSerializer
from releasehub.api.github.terms import READ, WRITE
from releasehub.api.github.viewsets import GitHubModelViewSet
from releasehub.distribution.git_releases import find_published, published_releases_of
from releasehub.publishing.tagged_versions import remove_tag
from versions.policies import version_policy

PREFIX = OpenApiParameter("prefix", str, OpenApiParameter.PATH, description="The beginning of the tags.")


class GitHubTagMixin(GitHubModelViewSet):
    """Published versions that are shown as tags."""

    envelope = GitHubEnvelope("Reference")
    policy = version_policy
    lookup_url_kwarg = "tag"

    def get_queryset(self) -> models.QuerySet[Any]:
        return published_releases_of(self.actor, self.repository)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        for version in page or ():
            version.download = self.repository
        return page


@extend_schema_view(
    list=repository_operation(
        *PAGING,
        operation_id="github_tags_list",
        summary="List the tags of published releases",
    )
)
class GitHubTagViewSet(ListModelMixin, GitHubTagMixin):
    serializer_class = GitHubTagSerializer
    required_scopes = {"list": READ}


@extend_schema_view(
    list=repository_operation(
        PREFIX,
        *PAGING,
        operation_id="github_references_list",
        summary="List the tags that begin with a text",
    ),
    retrieve=repository_operation(TAG, operation_id="github_references_retrieve", summary="Get a tag"),
    destroy=repository_operation(
        TAG,
        operation_id="github_references_delete",
        summary="Delete the tag of a deleted release",
        description="Nothing is left to delete: the tag went with the release, and stays reserved if it was public.",
        responses={204: DELETED},
    ),
)
class GitHubReferenceViewSet(ListModelMixin, GitHubTagMixin):
    serializer_class = GitHubReferenceSerializer
    required_scopes = {"list": READ, "list_all": READ, "retrieve": READ, "retrieve_by_url": READ, "destroy": WRITE}

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return the oldest first: GitHub sorts references by name, so scripts take the last one for the newest."""
        rows = super().get_queryset().with_tag_prefix(self.kwargs.get("prefix", ""))  # type: ignore[attr-defined]
        return rows.reverse()

    @repository_operation(
        *PAGING,
        operation_id="github_references_list_all",
        summary="List the tags as references",
        responses={200: GitHubReferenceSerializer(many=True)},
    )
    def list_all(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version = find_published(self.actor, self.repository, self.kwargs["tag"])
        return Response(self.get_serializer(version).data)

    @repository_operation(
        TAG,
        operation_id="github_references_retrieve_by_url",
        summary="Get a tag by the URL of its reference",
    )
    def retrieve_by_url(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.retrieve(request, *args, **kwargs)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        remove_tag(actor=self.actor, download=self.repository, tag=self.kwargs["tag"])
        return Response(status=204)
