"""The shapes of responses with all fields, for a single object and for lists with `with=full`."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from downloads.models import Category, Download, Prefix
from downloads.rules import rules_of
from files.models import File
from files.policies import file_policy
from releasehub.api.common.serializers import ReadOnlySerializer
from releasehub.api.mc_dm.fields import EpochField
from releasehub.api.mc_dm.serializers import (
    McDmCategorySerializer,
    McDmDownloadSerializer,
    McDmFileSerializer,
    McDmPrefixSerializer,
    McDmUserSerializer,
    McDmVersionSerializer,
)
from versions.models import Version


class McDmWarningSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)


class McDmAcceptanceSerializer(ReadOnlySerializer):
    username = serializers.CharField(allow_null=True)
    reason = serializers.CharField(source="accepted_reason")
    accepted_date = EpochField(source="accepted_at", help_text="Unix seconds")

    def get_username(self, file: File) -> str | None:
        return file.accepted_by.get_username() if file.accepted_by else None


class McDmFullFileSerializer(McDmFileSerializer):
    public_id = serializers.CharField()
    platform = serializers.CharField()
    architecture = serializers.CharField()
    kind = serializers.ChoiceField(choices=File.FileKind.values)
    sha512 = serializers.CharField(allow_null=True)
    md5 = serializers.CharField(allow_null=True)
    download_url = serializers.URLField()
    findings = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        source="failures",
        help_text="The reasons why the file failed its checks",
    )
    warnings = McDmWarningSerializer(
        many=True, help_text="What is unusual about a file that passed; empty unless you are on the team"
    )
    accepted = McDmAcceptanceSerializer(
        allow_null=True,
        help_text="Who let a rejected file through; null for all others, and unless you are on the team",
    )

    def get_accepted(self, file: File) -> File | None:
        return file if file_policy.shows_acceptance(self.context["actor"], file) else None

    def get_warnings(self, file: File) -> list[dict[str, str]]:
        warnings = file_policy.warnings(self.context["actor"], file)
        return [{"code": warning["code"], "message": warning["message"]} for warning in warnings]

    def get_sha512(self, file: File) -> str | None:
        return file.blob.sha512 if file.blob else None

    def get_md5(self, file: File) -> str | None:
        return file.blob.md5 if file.blob else None

    def get_download_url(self, file: File) -> str:
        return self.link(f"/api/mc-dm-files/{file.pk}/download/")


class McDmFullVersionSerializer(McDmVersionSerializer):
    """A version with its files and its download.

    `context`: `files` (version id to files), `downloads` (id to download), `verifying` (ids of versions whose files are
    being checked) and `can_edit` (a function of the version).
    """

    public_id = serializers.CharField()
    tag = serializers.CharField(source="tag_name", help_text="v and the number if no tag was sent")
    end_of_support = serializers.DateField(allow_null=True)
    rollout_percent = serializers.IntegerField()
    channel = serializers.CharField()
    state = serializers.ChoiceField(choices=Version.State.values)
    is_active = serializers.BooleanField()
    published_date = EpochField(
        source="published_at", help_text="Unix seconds of the first publication, which never changes"
    )
    is_security_release = serializers.BooleanField()
    is_yanked = serializers.BooleanField()
    yank_reason = serializers.CharField()
    is_verifying = serializers.BooleanField(help_text="Whether files are still being checked")
    platforms = serializers.ListField(child=serializers.CharField())
    can_view = serializers.BooleanField()
    can_edit = serializers.BooleanField()
    is_visible = serializers.BooleanField()
    Files = McDmFileSerializer(many=True)
    Download = McDmDownloadSerializer()

    constants = {"can_view": True}

    def get_is_verifying(self, version: Version) -> bool:
        return version.pk in self.context["verifying"]

    def get_can_edit(self, version: Version) -> bool:
        return bool(self.context["can_edit"](version))

    def get_is_visible(self, version: Version) -> bool:
        return version.is_released and not version.is_deleted

    def get_files(self, version: Version) -> Sequence[File]:
        return self.context["files"].get(version.pk, ())

    def get_download(self, version: Version) -> Any:
        return self.context["downloads"][version.download_id]


class McDmFullDownloadSerializer(McDmDownloadSerializer):
    """A download with its category, owner and current version.

    `context`: `versions` and `categories` (id to row), `watched` (ids of downloads), and `can_edit` (a function of the
    download).
    """

    public_id = serializers.CharField()
    slug = serializers.CharField()
    version_scheme = serializers.ChoiceField(choices=Download.VersionScheme.choices)
    can_view = serializers.BooleanField()
    can_edit = serializers.BooleanField()
    is_watching = serializers.BooleanField(help_text="Whether the caller watches the download")
    Category = McDmCategorySerializer()
    Prefix = McDmPrefixSerializer(allow_null=True, source="prefix")
    User = McDmUserSerializer(source="owner")
    CurrentVersion = McDmVersionSerializer(allow_null=True)

    constants = {"can_view": True}

    def get_is_watching(self, download: Download) -> bool:
        return download.pk in self.context["watched"]

    def get_can_edit(self, download: Download) -> bool:
        return bool(self.context["can_edit"](download))

    def get_category(self, download: Download) -> Any:
        return self.context["categories"][download.category_id]

    def get_current_version(self, download: Download) -> Version | None:
        return self.context["versions"].get(download.current_version_id)  # type: ignore[attr-defined]


class McDmFullCategorySerializer(McDmCategorySerializer):
    """A category with the prefixes that fit it.

    `context`: `prefixes` (category id to prefixes).
    """

    public_id = serializers.CharField()
    rejected_warnings = serializers.ListField(
        child=serializers.CharField(), help_text="Warnings that reject a file in this category, of its own or inherited"
    )

    Prefixes = McDmPrefixSerializer(many=True, help_text="The prefixes that downloads here may have")

    def get_prefixes(self, category: Category) -> Sequence[Prefix]:
        return self.context["prefixes"][category.pk]

    def get_rejected_warnings(self, category: Category) -> list[str]:
        return list(rules_of(category).rejected_warnings)
