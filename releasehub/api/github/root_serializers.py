"""The shapes of the responses about the hub itself and the caller in the GitHub dialect."""

from typing import Any

from rest_framework import serializers

from releasehub.accounts.models import Organization, User
from releasehub.api.common.fields import format_second
from releasehub.api.common.serializers import OutputSerializer
from releasehub.api.github.fields import LinkField, SecondField
from releasehub.api.github.serializers import Account, GitHubSerializer, GitHubUserSerializer


class GitHubRootSerializer(GitHubSerializer):
    """The URLs of the API. Only those of the user, repositories and the rate limit exist here."""

    current_user_url = LinkField("/user")
    current_user_authorizations_html_url = LinkField("/user/authorizations")
    current_user_repositories_url = LinkField("/user/repos{?type,page,per_page,sort}")
    code_search_url = LinkField("/search/code?q={query}{&page,per_page,sort,order}")
    commit_search_url = LinkField("/search/commits?q={query}{&page,per_page,sort,order}")
    emails_url = LinkField("/user/emails")
    emojis_url = LinkField("/emojis")
    events_url = LinkField("/events")
    feeds_url = LinkField("/feeds")
    followers_url = LinkField("/user/followers")
    following_url = LinkField("/user/following{/target}")
    gists_url = LinkField("/gists{/gist_id}")
    issue_search_url = LinkField("/search/issues?q={query}{&page,per_page,sort,order}")
    issues_url = LinkField("/issues")
    keys_url = LinkField("/user/keys")
    label_search_url = LinkField("/search/labels?q={query}&repository_id={repository_id}{&page,per_page}")
    notifications_url = LinkField("/notifications")
    organization_url = LinkField("/orgs/{org}")
    organization_repositories_url = LinkField("/orgs/{org}/repos{?type,page,per_page,sort}")
    organization_teams_url = LinkField("/orgs/{org}/teams")
    public_gists_url = LinkField("/gists/public")
    rate_limit_url = LinkField("/rate_limit")
    repository_url = LinkField("/repos/{owner}/{repo}")
    repository_search_url = LinkField("/search/repositories?q={query}{&page,per_page,sort,order}")
    starred_url = LinkField("/user/starred{/owner}{/repo}")
    starred_gists_url = LinkField("/gists/starred")
    user_url = LinkField("/users/{user}")
    user_organizations_url = LinkField("/user/orgs")
    user_repositories_url = LinkField("/users/{user}/repos{?type,page,per_page,sort}")
    user_search_url = LinkField("/search/users?q={query}{&page,per_page,sort,order}")

    def get_url(self, row: Any) -> str:
        return self.api_url


class GitHubMetaSerializer(OutputSerializer):
    verifiable_password_authentication = serializers.BooleanField()
    installed_version = serializers.CharField(help_text="The version of GitHub Enterprise Server to act like")


class GitHubRateSerializer(OutputSerializer):
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    reset = serializers.IntegerField(help_text="Epoch seconds")
    used = serializers.IntegerField()


class GitHubRateResourcesSerializer(OutputSerializer):
    core = GitHubRateSerializer()
    search = GitHubRateSerializer()
    graphql = GitHubRateSerializer()
    integration_manifest = GitHubRateSerializer()
    code_search = GitHubRateSerializer()


class GitHubRateLimitSerializer(OutputSerializer):
    resources = GitHubRateResourcesSerializer()
    rate = GitHubRateSerializer()


class GitHubProfileSerializer(GitHubUserSerializer):
    """A user or an organization alone. Members for which the hub has nothing are null or 0."""

    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True, help_text="Null: no scope of a key allows to read the address")
    company = serializers.CharField(allow_null=True)
    blog = serializers.CharField(allow_null=True)
    location = serializers.CharField(allow_null=True)
    hireable = serializers.BooleanField(allow_null=True)
    bio = serializers.CharField(allow_null=True)
    public_repos = serializers.IntegerField()
    public_gists = serializers.IntegerField()
    followers = serializers.IntegerField()
    following = serializers.IntegerField()
    created_at = SecondField()
    updated_at = SecondField()

    constants = {
        **GitHubUserSerializer.constants,
        **dict.fromkeys(("email", "company", "blog", "location", "hireable", "bio")),
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
    }

    def get_name(self, account: Account) -> str | None:
        return account.name if isinstance(account, Organization) else account.get_full_name() or None

    def get_created_at(self, account: Account) -> str:
        return format_second(account.created_at if isinstance(account, Organization) else account.date_joined)

    def get_updated_at(self, account: Account) -> str:
        return self.get_created_at(account)


class GitHubOwnUserSerializer(GitHubProfileSerializer):
    """The user of the key."""

    site_admin = serializers.BooleanField()

    def get_site_admin(self, user: User) -> bool:
        return user.is_superuser
