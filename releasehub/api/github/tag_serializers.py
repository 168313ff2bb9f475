"""The shapes of tags and references in responses of the GitHub dialect."""

from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from releasehub.api.github.fields import LinkField
from releasehub.api.github.serializers import GitHubSerializer
from releasehub.api.github.terms import commit_of
from versions.models import Version


class GitHubCommitSerializer(serializers.Serializer[Any]):
    sha = serializers.CharField(help_text="Zeros if the release does not name a commit")
    url = serializers.CharField()


class GitHubTagSerializer(GitHubSerializer):
    """The tag of a published version. The download of the version and its owner should be loaded."""

    name = serializers.CharField(source="tag_name")
    commit = GitHubCommitSerializer()
    zipball_url = serializers.CharField(help_text="The hub has no source code, so this is a 404")
    tarball_url = serializers.CharField(help_text="The hub has no source code, so this is a 404")
    node_id = serializers.CharField(source="public_id")

    def get_url(self, version: Version) -> str:
        return self.url_of_repository(version.download)

    def get_commit(self, version: Version) -> dict[str, str]:
        sha = commit_of(version.commitish)
        return {"sha": sha, "url": f"{self.get_url(version)}/commits/{sha}"}

    def get_zipball_url(self, version: Version) -> str:
        return f"{self.get_url(version)}/zipball/refs/tags/{quote(version.tag_name)}"

    def get_tarball_url(self, version: Version) -> str:
        return f"{self.get_url(version)}/tarball/refs/tags/{quote(version.tag_name)}"


class GitHubObjectSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="Always commit")
    sha = serializers.CharField(help_text="Zeros if the release does not name a commit")
    url = serializers.CharField()


class GitHubReferenceSerializer(GitHubSerializer):
    ref = serializers.CharField(help_text="`refs/tags/` and the tag")
    node_id = serializers.CharField(source="public_id")
    url = LinkField()
    object = GitHubObjectSerializer()

    def get_url(self, version: Version) -> str:
        return f"{self.url_of_repository(version.download)}/git/refs/tags/{quote(version.tag_name)}"

    def get_ref(self, version: Version) -> str:
        return f"refs/tags/{version.tag_name}"

    def get_object(self, version: Version) -> dict[str, str]:
        sha = commit_of(version.commitish)
        return {"type": "commit", "sha": sha, "url": f"{self.url_of_repository(version.download)}/git/commits/{sha}"}
