"""The shapes of releases and their files in responses of the v3 dialect."""

from collections.abc import Sequence
from urllib.parse import quote

from rest_framework import serializers

from downloads.models import Download
from files.models import File
from files.names import extension
from releasehub.api.common.serializers import ReadOnlySerializer
from releasehub.api.v3.fields import V3MomentField, format_optional_moment
from releasehub.distribution.gate import barrier_of
from versions.models import Version


def account_of(download: Download) -> str:
    """Return the id of the account that owns a product: its organization, or else its owner."""
    return download.organization.public_id if download.organization else download.owner.public_id


def is_private(version: Version) -> bool:
    """Return whether a release is missing in the lists of outsiders: it is private, or unlisted."""
    return version.visibility != Version.Visibility.LISTED


class V3ReleaseFileSerializer(ReadOnlySerializer):
    """A file with the names of its release. The view loads file, version, download and its owner."""

    id = serializers.CharField(source="public_id")
    createdAt = V3MomentField(source="created_at")
    updatedAt = V3MomentField(source="updated_at")
    name = serializers.CharField(source="filename")
    url = serializers.CharField(
        allow_null=True,
        help_text=(
            "The URL on this hub, or the external URL of a link; null for a link that the caller may not download"
        ),
    )
    size = serializers.IntegerField(source="size_bytes", help_text="Bytes")
    downloads = serializers.IntegerField(source="download_count")
    extension = serializers.CharField(help_text="With its dot; empty if the name has none")
    checksum = serializers.CharField(help_text="MD5 as hex digits; for a link, the checksum that was declared")
    secured = serializers.BooleanField(source="is_secured")
    published = serializers.BooleanField(source="version.is_released")
    releaseId = serializers.CharField(source="version.public_id")
    releaseName = serializers.CharField(source="version.display_title")

    def get_url(self, file: File) -> str | None:
        if not file.is_link_only:
            version = file.version
            path = f"{account_of(version.download)}/{version.public_id}/{quote(file.filename, safe='')}"
            return f"{self.context['base_url']}/v3/{path}"
        # A caller who knows the external URL can fetch the bytes, so only callers who may download the file see it.
        return file.external_url if barrier_of(self.context["actor"], file) is None else None

    def get_extension(self, file: File) -> str:
        ending = extension(file.filename)
        return f".{ending}" if ending else ""

    def get_checksum(self, file: File) -> str:
        return file.blob.md5 if file.blob else file.declared_checksum


class V3ReleaseSerializer(ReadOnlySerializer):
    """A release with its files. `context["files"]` maps the id of a version to the files that the caller may see."""

    id = serializers.CharField(source="public_id")
    createdAt = V3MomentField(source="created_at")
    updatedAt = V3MomentField(source="updated_at")
    name = serializers.CharField(source="display_title")
    channel = serializers.CharField(source="shown_channel")
    version = serializers.CharField(source="number")
    platforms = serializers.ListField(child=serializers.CharField())
    platform = serializers.CharField(allow_null=True, help_text="The first of `platforms`, for older programs")
    notes = serializers.CharField()
    totalFiles = serializers.IntegerField()
    publishedAt = V3MomentField(allow_null=True)
    files = V3ReleaseFileSerializer(many=True)
    published = serializers.BooleanField(source="is_released")
    private = serializers.BooleanField(help_text="Whether only lists of the team contain it")
    archived = serializers.BooleanField()
    productId = serializers.CharField(source="download.public_id")
    tenantId = serializers.CharField(help_text="The account: the organization, or else the owner")

    def get_platform(self, version: Version) -> str | None:
        return next(iter(version.platforms), None)

    def get_total_files(self, version: Version) -> int:
        return len(self.context["files"].get(version.pk, ()))

    def get_published_at(self, version: Version) -> str | None:
        return format_optional_moment(version.published_at) if version.is_released else None

    def get_files(self, version: Version) -> Sequence[File]:
        return self.context["files"].get(version.pk, ())

    def get_private(self, version: Version) -> bool:
        return is_private(version)

    def get_archived(self, version: Version) -> bool:
        return version.state == Version.State.ARCHIVED

    def get_tenant_id(self, version: Version) -> str:
        return account_of(version.download)


class V3ProductNameSerializer(ReadOnlySerializer):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="title")
    displayName = serializers.CharField(source="title")


class V3MyReleaseSerializer(V3ReleaseSerializer):
    product = V3ProductNameSerializer(source="download")
