from typing import Any

from django.urls import include, path, re_path

from releasehub.api.github.asset_viewsets import GitHubAssetViewSet
from releasehub.api.github.graphql.viewsets import GitHubGraphqlViewSet
from releasehub.api.github.release_viewsets import GitHubReleaseViewSet
from releasehub.api.github.repository_viewsets import GitHubRepositoryViewSet
from releasehub.api.github.root_viewsets import GitHubOwnUserViewSet, GitHubRootViewSet, GitHubUserViewSet
from releasehub.api.github.tag_viewsets import GitHubReferenceViewSet, GitHubTagViewSet
from releasehub.api.github.upload_viewsets import GitHubReleaseAssetViewSet
from releasehub.api.github.viewsets import GitHubNoRouteViewSet

REPOSITORY = "repos/<str:owner>/<str:repo>"
RELEASE = "repos/<str:owner>/<str:repo>/releases/<int:release_id>"
RUN = f"{RELEASE}/runs/<int:run>"  # in the URLs of drafts
RELEASES = f"{REPOSITORY}/releases"
root, repository = GitHubRootViewSet.as_view, GitHubRepositoryViewSet.as_view
releases, assets = GitHubReleaseViewSet.as_view, GitHubReleaseAssetViewSet.as_view
references = GitHubReferenceViewSet.as_view
one_row: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

below_v3 = [
    path("meta", root({"get": "meta"}), name="github-meta"),
    path("rate_limit", root({"get": "rate_limit"}), name="github-rate-limit"),
    path("user", GitHubOwnUserViewSet.as_view({"get": "retrieve"}), name="github-user"),
    path("users/<str:login>", GitHubUserViewSet.as_view({"get": "retrieve"}), name="github-user-of-login"),
    path(REPOSITORY, repository({"get": "retrieve"}), name="github-repository"),
    path(f"{REPOSITORY}/collaborators/<str:login>", repository({"get": "collaborator"}), name="github-collaborator"),
    path(f"{REPOSITORY}/attestations/<str:digest>", repository({"get": "attestations"}), name="github-attestations"),
    path(RELEASES, releases({"get": "list", "post": "create"}), name="github-releases"),
    path(f"{RELEASES}/latest", releases({"get": "latest"}), name="github-latest"),
    path(f"{RELEASES}/generate-notes", releases({"post": "generate_notes"}), name="github-generate-notes"),
    path(f"{RELEASES}/tags/<path:tag>", releases({"get": "by_tag"}), name="github-release-of-tag"),
    path(f"{RELEASES}/assets/<int:asset_id>", GitHubAssetViewSet.as_view(one_row), name="github-asset"),
    path(RELEASE, releases(one_row), name="github-release"),
    path(RUN, releases(one_row, schema=None), name="github-release-of-run"),
    path(f"{RELEASE}/assets", assets({"get": "list", "post": "upload"}), name="github-assets"),
    path(f"{RUN}/assets", assets({"get": "list", "post": "upload"}, schema=None), name="github-assets-of-run"),
    path(f"{REPOSITORY}/tags", GitHubTagViewSet.as_view({"get": "list"}), name="github-tags"),
    path(f"{REPOSITORY}/git/matching-refs/tags", references({"get": "list_all"}), name="github-all-references"),
    path(f"{REPOSITORY}/git/matching-refs/tags/<path:prefix>", references({"get": "list"}), name="github-references"),
    path(f"{REPOSITORY}/git/ref/tags/<path:tag>", references({"get": "retrieve"}), name="github-reference"),
    path(f"{REPOSITORY}/git/refs", references({"get": "list_all"}, schema=None), name="github-every-reference"),
    path(
        f"{REPOSITORY}/git/refs/tags", references({"get": "list_all"}, schema=None), name="github-all-references-by-url"
    ),
    path(
        f"{REPOSITORY}/git/refs/tags/<path:tag>",
        references({"get": "retrieve_by_url", "delete": "destroy"}),
        name="github-reference-by-url",
    ),
]
urlpatterns = [
    path("v3", root({"get": "retrieve"}), name="github-root"),
    path("v3/", include(below_v3)),
    path(f"uploads/{RELEASE}/assets", assets({"post": "upload_to_url"}), name="github-uploads"),
    path(f"uploads/{RUN}/assets", assets({"post": "upload_to_url"}, schema=None), name="github-uploads-of-run"),
    path("graphql", GitHubGraphqlViewSet.as_view({"post": "run"}), name="github-graphql"),
    re_path(r"^(v3|uploads/repos)(/.*)?$", GitHubNoRouteViewSet.as_view({"get": "no_route"})),
]
