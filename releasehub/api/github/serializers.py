"""The shapes of users, releases and assets in responses of the GitHub dialect."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from downloads.models import Download
from files.models import File
from releasehub.accounts.models import Organization, User
from releasehub.api.common.fields import TextOrNullField
from releasehub.api.common.serializers import OutputSerializer, ReadOnlySerializer
from releasehub.api.github.bodies import RAW, bodies_of
from releasehub.api.github.fields import LinkField, SecondField
from releasehub.api.github.terms import BINARY, DEFAULT_BRANCH, UPLOAD_TEMPLATE, repository_api_path
from releasehub.distribution.repositories import repository_name
from releasehub.distribution.web_addresses import asset_path, release_path
from versions.models import Version

Account = User | Organization
# Stands for a user who is unknown or gone.
GHOST = User(pk=0, username="ghost", public_id="ghost", date_joined=datetime.fromtimestamp(0, UTC))


class GitHubSerializer(ReadOnlySerializer):
    """A serializer whose `LinkField`s extend the URL of the object, which a subclass returns from `get_url`."""

    @property
    def api_url(self) -> str:
        return f"{self.context['base_url']}/api/v3"

    def url_of_repository(self, download: Download) -> str:
        return f"{self.api_url}{repository_api_path(repository_name(download))}"

    def get_url(self, row: Any) -> str:
        raise NotImplementedError

    @classmethod
    def method_of(cls, name: str, field: Any) -> Callable[[Any, Any], Any] | None:
        if isinstance(field, LinkField):
            return lambda serializer, row: serializer.get_url(row) + field.suffix
        return super().method_of(name, field)


class GitHubUserSerializer(GitHubSerializer):
    """A user or an organization. Only `login`, `id`, `url` and `type` mean something in the hub."""

    login = serializers.CharField()
    id = serializers.IntegerField(source="pk")
    node_id = serializers.CharField(source="public_id")
    avatar_url = serializers.CharField(help_text="Empty if the user has no picture")
    gravatar_id = serializers.CharField(allow_null=True)
    url = LinkField()
    html_url = serializers.CharField()
    followers_url = LinkField("/followers")
    following_url = LinkField("/following{/other_user}")
    gists_url = LinkField("/gists{/gist_id}")
    starred_url = LinkField("/starred{/owner}{/repo}")
    subscriptions_url = LinkField("/subscriptions")
    organizations_url = LinkField("/orgs")
    repos_url = LinkField("/repos")
    events_url = LinkField("/events{/privacy}")
    received_events_url = LinkField("/received_events")
    type = serializers.CharField(help_text="User or Organization")
    site_admin = serializers.BooleanField(help_text="Always false in the responses about others")

    constants = {"gravatar_id": "", "site_admin": False}

    def to_representation(self, account: Account) -> dict[str, Any]:
        # A page has few different users, and each representation has ten URLs.
        shown: dict[Account, dict[str, Any]] = self.__dict__.setdefault("_shown", {})
        if account not in shown:
            shown[account] = super().to_representation(account)
        return shown[account]

    def get_login(self, account: Account) -> str:
        return account.slug if isinstance(account, Organization) else account.get_username()

    def get_avatar_url(self, account: Account) -> str:
        path = account.avatar_path if isinstance(account, User) else ""
        return f"{self.context['base_url']}{path}" if path else ""

    def get_url(self, account: Account) -> str:
        return f"{self.api_url}/users/{quote(self.get_login(account), safe='')}"

    def get_html_url(self, account: Account) -> str:
        return f"{self.context['base_url']}/{quote(self.get_login(account), safe='')}"

    def get_type(self, account: Account) -> str:
        return "Organization" if isinstance(account, Organization) else "User"


class GitHubAssetSerializer(GitHubSerializer):
    """A file. The view loads its blob, its version and the owner of the download."""

    url = LinkField()
    browser_download_url = serializers.CharField()
    id = serializers.IntegerField(source="pk")
    node_id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="filename")
    label = TextOrNullField(allow_null=True, source="display_label")  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=["uploaded", "open"], help_text="`open` if the file failed its checks")
    content_type = serializers.CharField()
    size = serializers.IntegerField(source="size_bytes", help_text="Bytes")
    digest = serializers.CharField(allow_null=True, help_text="`sha256:` and hex digits")
    download_count = serializers.IntegerField()
    created_at = SecondField()
    updated_at = SecondField()
    uploader = GitHubUserSerializer(help_text="Always `ghost`: the hub does not show who it was")

    def get_url(self, file: File) -> str:
        return f"{self.url_of_repository(file.version.download)}/releases/assets/{file.pk}"

    def get_browser_download_url(self, file: File) -> str:
        version = file.version
        return f"{self.context['base_url']}{asset_path(version.download, version.tag_name, file.filename)}"

    def get_state(self, file: File) -> str:
        return "open" if file.validation_status == File.Validation.FAILED else "uploaded"

    def get_content_type(self, file: File) -> str:
        return (file.blob.mime_type if file.blob else file.external_type) or BINARY

    def get_digest(self, file: File) -> str | None:
        return f"sha256:{file.sha256}" if file.sha256 else None

    def get_uploader(self, file: File) -> User:
        """Return the ghost, not None as the schema of GitHub allows: programs read `uploader.login` unasked."""
        return GHOST


class GitHubReleaseSerializer(GitHubSerializer):
    """A version with its files. `context["files"]` maps the id of a version to the files that the caller may see.

    The URLs of a draft name the run that gets them, so that a program that follows them cannot change the draft of a
    later run.
    """

    url = LinkField()
    html_url = serializers.CharField()
    assets_url = LinkField("/assets")
    upload_url = serializers.CharField(help_text="A template (RFC 6570) with `name` and `label`")
    tarball_url = serializers.CharField(allow_null=True, help_text="Null: the hub has no source code")
    zipball_url = serializers.CharField(allow_null=True, help_text="Null: the hub has no source code")
    id = serializers.IntegerField(source="pk")
    node_id = serializers.CharField(source="public_id")
    tag_name = serializers.CharField()
    target_commitish = serializers.CharField()
    name = TextOrNullField(allow_null=True, source="title")
    draft = serializers.BooleanField(help_text="Whether the version is not published (yet)")
    prerelease = serializers.BooleanField(source="is_in_prerelease_channel")
    immutable = serializers.BooleanField(help_text="Whether the version is sealed")
    created_at = SecondField()
    updated_at = SecondField()
    published_at = SecondField(allow_null=True)
    author = GitHubUserSerializer()
    assets = GitHubAssetSerializer(many=True)
    body = serializers.CharField(
        source="notes",
        help_text=(
            "Markdown. With `Accept: application/vnd.github.html+json`, one release has `body_html` instead, with "
            "`text+json` `body_text`, and with `full+json` all three."
        ),
    )

    constants = {"tarball_url": None, "zipball_url": None}

    def to_representation(self, version: Version) -> dict[str, Any]:
        data: dict[str, Any] = super().to_representation(version)
        form = self.context.get("body_format", RAW)
        return data if form == RAW else data | bodies_of(data.pop("body"), form)

    def get_url(self, version: Version) -> str:
        return f"{self.api_url}{self.get_path(version)}"

    def get_path(self, version: Version) -> str:
        path = f"{repository_api_path(repository_name(version.download))}/releases/{version.pk}"
        return path if version.is_released else f"{path}/runs/{version.run_number}"

    def get_html_url(self, version: Version) -> str:
        return f"{self.context['base_url']}{release_path(version.download, version.tag_name)}"

    def get_upload_url(self, version: Version) -> str:
        return f"{self.context['base_url']}/api/uploads{self.get_path(version)}/assets{UPLOAD_TEMPLATE}"

    def get_target_commitish(self, version: Version) -> str:
        return version.commitish or DEFAULT_BRANCH

    def get_draft(self, version: Version) -> bool:
        return not version.is_released

    def get_immutable(self, version: Version) -> bool:
        return version.sealed_at is not None

    def get_published_at(self, version: Version) -> str | None:
        return SecondField.convert(version.published_at if version.is_released else None)

    def get_author(self, version: Version) -> User:
        return version.author or GHOST

    def get_assets(self, version: Version) -> Sequence[File]:
        return self.context["files"].get(version.pk, ())


class GitHubNotesSerializer(OutputSerializer):
    name = serializers.CharField()
    body = serializers.CharField(help_text="Markdown")
