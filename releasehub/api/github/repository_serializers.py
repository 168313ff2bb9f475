"""The shapes of repositories in responses of the GitHub dialect."""

from typing import Any

from rest_framework import serializers

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.common.fields import TextOrNullField
from releasehub.api.common.serializers import OutputSerializer
from releasehub.api.github.fields import LinkField, SecondField
from releasehub.api.github.serializers import Account, GitHubSerializer, GitHubUserSerializer
from releasehub.api.github.terms import DEFAULT_BRANCH
from releasehub.distribution.git_releases import is_private
from releasehub.distribution.repositories import repository_name, repository_path
from releasehub.distribution.web_addresses import web_path

Visibility = Download.Visibility


class GitHubPermissionsSerializer(OutputSerializer):
    """The permissions of the caller. `context["may_write"]` says whether the key of the request allows changes."""

    admin = serializers.BooleanField()
    maintain = serializers.BooleanField()
    push = serializers.BooleanField(help_text="Whether the caller may publish releases")
    triage = serializers.BooleanField()
    pull = serializers.BooleanField()

    constants = {"pull": True}

    def get_admin(self, download: Download) -> bool:
        return self._allows("manage_team", download)

    def get_maintain(self, download: Download) -> bool:
        return self._allows("manage_versions", download)

    def get_push(self, download: Download) -> bool:
        return self._allows("post_version", download)

    get_triage = get_push

    def _allows(self, action: str, download: Download) -> bool:
        return self.context["may_write"] and download_policy.allows(action, self.context["actor"], download)


class GitHubLicenseSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    spdx_id = serializers.CharField(allow_null=True)
    node_id = serializers.CharField()
    html_url = serializers.CharField()


class GitHubRepositorySerializer(GitHubSerializer):
    """A download. Members for which the hub has nothing, such as issues, are empty, false or 0."""

    id = serializers.IntegerField(source="pk")
    node_id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="slug")
    full_name = serializers.CharField()
    owner = GitHubUserSerializer()
    private = serializers.BooleanField(help_text="Whether anonymous visitors cannot see the download")
    visibility = serializers.ChoiceField(choices=["public", "internal", "private"])
    description = serializers.CharField(allow_null=True)
    homepage = TextOrNullField(allow_null=True, source="homepage_url")
    topics = serializers.ListField(child=serializers.CharField(), source="tags")
    license = GitHubLicenseSerializer(allow_null=True)
    permissions = GitHubPermissionsSerializer()
    default_branch = serializers.CharField()
    created_at = SecondField()
    updated_at = SecondField()
    pushed_at = SecondField(source="last_update_at")
    html_url = serializers.CharField()
    clone_url = serializers.CharField(help_text="Names owner and repository; there is nothing to clone")
    git_url = serializers.CharField()
    ssh_url = serializers.CharField()
    svn_url = serializers.CharField()
    mirror_url = serializers.CharField(allow_null=True)
    url = LinkField()
    archive_url = LinkField("/{archive_format}{/ref}")
    assignees_url = LinkField("/assignees{/user}")
    blobs_url = LinkField("/git/blobs{/sha}")
    branches_url = LinkField("/branches{/branch}")
    collaborators_url = LinkField("/collaborators{/collaborator}")
    comments_url = LinkField("/comments{/number}")
    commits_url = LinkField("/commits{/sha}")
    compare_url = LinkField("/compare/{base}...{head}")
    contents_url = LinkField("/contents/{+path}")
    contributors_url = LinkField("/contributors")
    deployments_url = LinkField("/deployments")
    downloads_url = LinkField("/downloads")
    events_url = LinkField("/events")
    forks_url = LinkField("/forks")
    git_commits_url = LinkField("/git/commits{/sha}")
    git_refs_url = LinkField("/git/refs{/sha}")
    git_tags_url = LinkField("/git/tags{/sha}")
    hooks_url = LinkField("/hooks")
    issue_comment_url = LinkField("/issues/comments{/number}")
    issue_events_url = LinkField("/issues/events{/number}")
    issues_url = LinkField("/issues{/number}")
    keys_url = LinkField("/keys{/key_id}")
    labels_url = LinkField("/labels{/name}")
    languages_url = LinkField("/languages")
    merges_url = LinkField("/merges")
    milestones_url = LinkField("/milestones{/number}")
    notifications_url = LinkField("/notifications{?since,all,participating}")
    pulls_url = LinkField("/pulls{/number}")
    releases_url = LinkField("/releases{/id}")
    stargazers_url = LinkField("/stargazers")
    statuses_url = LinkField("/statuses/{sha}")
    subscribers_url = LinkField("/subscribers")
    subscription_url = LinkField("/subscription")
    tags_url = LinkField("/tags")
    teams_url = LinkField("/teams")
    trees_url = LinkField("/git/trees{/sha}")
    language = serializers.CharField(allow_null=True)
    fork = serializers.BooleanField()
    archived = serializers.BooleanField()
    disabled = serializers.BooleanField()
    has_discussions = serializers.BooleanField()
    has_downloads = serializers.BooleanField()
    has_issues = serializers.BooleanField()
    has_pages = serializers.BooleanField()
    has_projects = serializers.BooleanField()
    has_wiki = serializers.BooleanField()
    size = serializers.IntegerField()
    forks = serializers.IntegerField()
    forks_count = serializers.IntegerField()
    network_count = serializers.IntegerField()
    open_issues = serializers.IntegerField()
    open_issues_count = serializers.IntegerField()
    stargazers_count = serializers.IntegerField()
    subscribers_count = serializers.IntegerField()
    watchers = serializers.IntegerField()
    watchers_count = serializers.IntegerField()

    constants = {
        "default_branch": DEFAULT_BRANCH,
        "mirror_url": None,
        "language": None,
        "has_downloads": True,
        **dict.fromkeys(("fork", "archived", "disabled", "has_discussions", "has_issues", "has_pages"), False),
        **dict.fromkeys(("has_projects", "has_wiki"), False),
        **dict.fromkeys(("size", "forks", "forks_count", "network_count", "open_issues", "open_issues_count"), 0),
        **dict.fromkeys(("stargazers_count", "subscribers_count", "watchers", "watchers_count"), 0),
    }

    def get_url(self, download: Download) -> str:
        return self.url_of_repository(download)

    def get_full_name(self, download: Download) -> str:
        return repository_name(download)

    def get_owner(self, download: Download) -> Account:
        return download.organization or download.owner

    def get_private(self, download: Download) -> bool:
        return is_private(download)

    def get_visibility(self, download: Download) -> str:
        if not self.get_private(download):
            return "public"
        return "internal" if download.visibility in {Visibility.PUBLIC, Visibility.MEMBERS} else "private"

    def get_description(self, download: Download) -> str:
        return download.tag_line or download.title

    def get_license(self, download: Download) -> dict[str, Any] | None:
        name = download.license
        if not name:
            return None
        texts = {"key": name.lower(), "name": name, "spdx_id": name}
        return texts | {"url": None, "node_id": name, "html_url": ""}

    def get_permissions(self, download: Download) -> Download:
        return download

    def get_html_url(self, download: Download) -> str:
        return f"{self.context['base_url']}{web_path(download)}"

    def get_clone_url(self, download: Download) -> str:
        return f"{self.context['base_url']}{repository_path(download)}.git"

    get_git_url = get_ssh_url = get_clone_url
    get_svn_url = get_html_url
