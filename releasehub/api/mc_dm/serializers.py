"""The shapes of responses of the mc-dm dialect."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from downloads.models import Category, Download, Prefix
from downloads.rules import rules_of
from files.models import File
from files.policies import file_policy
from releasehub.api.common.serializers import OutputSerializer
from releasehub.api.mc_dm.fields import EpochField, OptionalIdField, PlaceField
from versions.models import Version

DOWNLOAD_STATES = ["visible", "moderated", "deleted", "draft"]


class AbsoluteSerializer(OutputSerializer):
    """A serializer that writes absolute links: `context["base_url"]` and the path."""

    def link(self, path: str) -> str:
        return f"{self.context['base_url']}{path}"


class McDmCategorySerializer(AbsoluteSerializer):
    category_id = serializers.IntegerField(read_only=True, source="pk")
    parent_category_id = OptionalIdField(read_only=True, source="parent_id", help_text="0: top level")
    title = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    display_order = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(
        read_only=True, source="visible_download_count", help_text="Downloads in this category that the caller may see"
    )
    fa_icon = serializers.CharField(read_only=True, source="icon")
    icon_color = serializers.CharField(read_only=True, source="color")
    view_url = serializers.URLField(read_only=True)

    def get_view_url(self, category: Category) -> str:
        return self.link(f"/downloads/categories/{category.slug}.{category.pk}/")


class McDmPrefixSerializer(OutputSerializer):
    prefix_id = serializers.IntegerField(read_only=True, source="pk")
    title = serializers.CharField(read_only=True)
    color = serializers.ChoiceField(choices=Prefix.Color.choices, read_only=True)


class McDmUserSerializer(OutputSerializer):
    user_id = serializers.IntegerField(read_only=True, source="pk")
    username = serializers.CharField(read_only=True)


class McDmDownloadSerializer(AbsoluteSerializer):
    download_id = serializers.IntegerField(read_only=True, source="pk")
    category_id = serializers.IntegerField(read_only=True)
    user_id = serializers.IntegerField(read_only=True, source="owner_id")
    title = serializers.CharField(read_only=True)
    tag_line = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    view_url = serializers.URLField(read_only=True)
    icon_url = serializers.URLField(read_only=True, allow_null=True)
    cover_url = serializers.URLField(read_only=True, allow_null=True)
    rating_avg = serializers.FloatField(read_only=True, help_text="From 1 to 5 with two decimals; 0: no rating yet")
    rating_count = serializers.IntegerField(read_only=True)
    review_count = serializers.IntegerField(read_only=True, help_text="Ratings that have a text")
    download_count = serializers.IntegerField(read_only=True)
    view_count = serializers.IntegerField(read_only=True)
    last_update = EpochField(read_only=True, source="last_update_at", help_text="Unix seconds")
    created_date = EpochField(read_only=True, source="created_at", help_text="Unix seconds")
    download_state = serializers.ChoiceField(choices=DOWNLOAD_STATES, read_only=True)
    prefix_id = OptionalIdField(read_only=True, help_text="0: none")
    current_version_id = OptionalIdField(read_only=True, help_text="0: none")

    def get_view_url(self, download: Download) -> str:
        return self.link(download.path)

    def get_icon_url(self, download: Download) -> str | None:
        return self.picture_url(download, "icon", download.icon_url)

    def get_cover_url(self, download: Download) -> str | None:
        return self.picture_url(download, "cover", download.cover_url)

    def picture_url(self, download: Download, kind: str, other_url: str) -> str | None:
        """Return the URL of the stored picture, or else the URL elsewhere that the author has entered."""
        path = download.picture_path(kind)
        return self.link(path) if path else other_url or None

    def get_download_state(self, download: Download) -> str:
        return "deleted" if download.is_deleted else download.state


class McDmFileSerializer(AbsoluteSerializer):
    file_id = serializers.IntegerField(read_only=True, source="pk")
    version_id = serializers.IntegerField(read_only=True)
    filename = serializers.CharField(read_only=True)
    display_label = serializers.CharField(read_only=True)
    file_size = serializers.IntegerField(read_only=True, source="size_bytes", help_text="Bytes")
    file_hash = serializers.CharField(
        read_only=True, allow_null=True, help_text="`sha256:` and hex digits; null for a link that was never fetched"
    )
    mime_type = serializers.CharField(read_only=True, allow_null=True)
    is_primary = serializers.BooleanField(read_only=True)
    is_externally_linked = serializers.BooleanField(read_only=True)
    external_url = serializers.URLField(read_only=True, allow_null=True)
    validation_status = serializers.ChoiceField(choices=File.Validation.values, read_only=True)
    display_order = PlaceField(read_only=True, help_text="From 1; 1 as well if no place was chosen")
    download_count = serializers.IntegerField(read_only=True)
    display_name = serializers.CharField(read_only=True, source="filename")
    is_external = serializers.BooleanField(read_only=True)
    is_link_only = serializers.BooleanField(read_only=True)

    def get_file_hash(self, file: File) -> str | None:
        sha256 = file.blob.sha256 if file.blob else file.external_sha256
        return f"sha256:{sha256}" if sha256 else None

    def get_mime_type(self, file: File) -> str | None:
        return (file.blob.mime_type if file.blob else file.external_type) or None

    def get_is_external(self, file: File) -> bool:
        return bool(file.external_url)

    get_is_externally_linked = get_is_external

    def get_external_url(self, file: File) -> str | None:
        return file_policy.external_url(self.context["actor"], file)


class McDmWarningSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)


class McDmAcceptanceSerializer(OutputSerializer):
    username = serializers.CharField(read_only=True, allow_null=True)
    reason = serializers.CharField(read_only=True, source="accepted_reason")
    accepted_date = EpochField(read_only=True, source="accepted_at", help_text="Unix seconds")

    def get_username(self, file: File) -> str | None:
        return file.accepted_by.get_username() if file.accepted_by else None


class McDmFullFileSerializer(McDmFileSerializer):
    public_id = serializers.CharField(read_only=True)
    platform = serializers.CharField(read_only=True)
    architecture = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=File.FileKind.values, read_only=True)
    sha512 = serializers.CharField(read_only=True, allow_null=True)
    md5 = serializers.CharField(read_only=True, allow_null=True)
    download_url = serializers.URLField(read_only=True)
    findings = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        read_only=True,
        source="failures",
        help_text="The reasons why the file failed its checks",
    )
    warnings = McDmWarningSerializer(
        many=True,
        read_only=True,
        help_text="What is unusual about a file that passed; empty unless you are on the team",
    )
    accepted = McDmAcceptanceSerializer(
        read_only=True,
        allow_null=True,
        help_text="Who let a rejected file through; null for all others, and unless you are on the team",
    )

    def get_accepted(self, file: File) -> dict[str, Any] | None:
        if not file_policy.shows_acceptance(self.context["actor"], file):
            return None
        return self.nested(McDmAcceptanceSerializer).to_representation(file)

    def get_warnings(self, file: File) -> list[dict[str, str]]:
        warnings = file_policy.warnings(self.context["actor"], file)
        return [{"code": warning["code"], "message": warning["message"]} for warning in warnings]

    def get_sha512(self, file: File) -> str | None:
        return file.blob.sha512 if file.blob else None

    def get_md5(self, file: File) -> str | None:
        return file.blob.md5 if file.blob else None

    def get_download_url(self, file: File) -> str:
        return self.link(f"/api/mc-dm-files/{file.pk}/download/")


class McDmVersionSerializer(AbsoluteSerializer):
    version_id = serializers.IntegerField(read_only=True, source="pk")
    download_id = serializers.IntegerField(read_only=True)
    version_string = serializers.CharField(read_only=True, source="number")
    version_int = serializers.IntegerField(read_only=True)
    release_notes = serializers.CharField(read_only=True)
    changelog = serializers.CharField(read_only=True)
    release_date = EpochField(read_only=True, source="released_at", help_text="Unix seconds")
    is_published = serializers.BooleanField(read_only=True, source="is_released")
    file_count = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(read_only=True)
    display_title = serializers.CharField(read_only=True)
    primary_file_id = OptionalIdField(read_only=True, help_text="0: none")


class McDmFullVersionSerializer(McDmVersionSerializer):
    """A version with its files and its download.

    `context`: `files` (version id to files), `downloads` (id to download), `verifying` (ids of versions whose files are
    being checked) and `can_edit` (a function of the version).
    """

    public_id = serializers.CharField(read_only=True)
    tag = serializers.CharField(read_only=True, source="tag_name", help_text="v and the number if no tag was sent")
    end_of_support = serializers.DateField(read_only=True, allow_null=True)
    rollout_percent = serializers.IntegerField(read_only=True)
    channel = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=Version.State.values, read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    published_date = EpochField(
        read_only=True, source="published_at", help_text="Unix seconds of the first publication, which never changes"
    )
    is_security_release = serializers.BooleanField(read_only=True)
    is_yanked = serializers.BooleanField(read_only=True)
    yank_reason = serializers.CharField(read_only=True)
    is_verifying = serializers.BooleanField(read_only=True, help_text="Whether files are still being checked")
    platforms = serializers.ListField(child=serializers.CharField(), read_only=True)
    can_view = serializers.BooleanField(read_only=True)
    can_edit = serializers.BooleanField(read_only=True)
    is_visible = serializers.BooleanField(read_only=True)
    Files = McDmFileSerializer(many=True, read_only=True)
    Download = McDmDownloadSerializer(read_only=True)

    def get_is_verifying(self, version: Version) -> bool:
        return version.pk in self.context["verifying"]

    def get_can_view(self, version: Version) -> bool:
        return True

    def get_can_edit(self, version: Version) -> bool:
        return bool(self.context["can_edit"](version))

    def get_is_visible(self, version: Version) -> bool:
        return version.is_released and not version.is_deleted

    def get_files(self, version: Version) -> list[dict[str, Any]]:
        serializer = self.nested(McDmFileSerializer)
        return [serializer.to_representation(file) for file in self.context["files"].get(version.pk, ())]

    def get_download(self, version: Version) -> dict[str, Any]:
        download = self.context["downloads"][version.download_id]
        return self.nested(McDmDownloadSerializer).to_representation(download)


class McDmFullDownloadSerializer(McDmDownloadSerializer):
    """A download with its category, owner and current version.

    `context`: `versions` and `categories` (id to row), `watched` (ids of downloads), and `can_edit` (a function of the
    download).
    """

    public_id = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)
    version_scheme = serializers.ChoiceField(choices=Download.VersionScheme.choices, read_only=True)
    can_view = serializers.BooleanField(read_only=True)
    can_edit = serializers.BooleanField(read_only=True)
    is_watching = serializers.BooleanField(read_only=True, help_text="Whether the caller watches the download")
    Category = McDmCategorySerializer(read_only=True)
    Prefix = McDmPrefixSerializer(read_only=True, allow_null=True)
    User = McDmUserSerializer(read_only=True)
    CurrentVersion = McDmVersionSerializer(read_only=True, allow_null=True)

    def get_can_view(self, download: Download) -> bool:
        return True

    def get_is_watching(self, download: Download) -> bool:
        return download.pk in self.context["watched"]

    def get_can_edit(self, download: Download) -> bool:
        return bool(self.context["can_edit"](download))

    def get_category(self, download: Download) -> dict[str, Any]:
        category = self.context["categories"][download.category_id]
        return self.nested(McDmCategorySerializer).to_representation(category)

    def get_prefix(self, download: Download) -> dict[str, Any] | None:
        prefix = download.prefix
        return None if prefix is None else self.nested(McDmPrefixSerializer).to_representation(prefix)

    def get_user(self, download: Download) -> dict[str, Any]:
        return self.nested(McDmUserSerializer).to_representation(download.owner)

    def get_current_version(self, download: Download) -> dict[str, Any] | None:
        version = self.context["versions"].get(download.current_version_id)  # type: ignore[attr-defined]
        return None if version is None else self.nested(McDmVersionSerializer).to_representation(version)


class McDmFullCategorySerializer(McDmCategorySerializer):
    """A category with the prefixes that fit it.

    `context`: `prefixes` (category id to prefixes).
    """

    public_id = serializers.CharField(read_only=True)
    rejected_warnings = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Warnings that reject a file in this category, of its own or inherited",
    )

    Prefixes = McDmPrefixSerializer(many=True, read_only=True, help_text="The prefixes that downloads here may have")

    def get_prefixes(self, category: Category) -> list[dict[str, Any]]:
        serializer = self.nested(McDmPrefixSerializer)
        return [serializer.to_representation(prefix) for prefix in self.context["prefixes"][category.pk]]

    def get_rejected_warnings(self, category: Category) -> list[str]:
        return list(rules_of(category).rejected_warnings)
