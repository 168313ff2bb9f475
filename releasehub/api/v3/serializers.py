"""The shapes of releases and their files: what comes in is checked here, what goes out is named here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from downloads.models import Download
from files.models import File
from files.names import extension
from releasehub.api.common.fields import UnsignedField
from releasehub.api.common.moments import shown_moment
from releasehub.api.common.serializers import InputSerializer
from releasehub.distribution.gate import barrier_of
from versions.models import Version

VERSION = r"^[0-9]+(\.[0-9]+){1,3}\Z"
NAME_LENGTH = 256
NOTES_LENGTH = 4096
MOST_PLATFORMS = 50


def moment(value: datetime | None) -> str | None:
    return shown_moment(value) if value else None


def account_of(download: Download) -> str:
    """The account a product belongs to: its organization, else its owner."""
    return download.organization.public_id if download.organization else download.owner.public_id


# --- out --------------------------------------------------------------------------------------------------------------


class V3ReleaseFileSerializer(serializers.Serializer[Any]):
    """Reads file, version, download and who owns it: nothing of it is queried here."""

    id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    updatedAt = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(read_only=True)
    url = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="On this hub, or where an external file lies; null for an external file that you may not fetch",
    )
    size = serializers.IntegerField(read_only=True, help_text="Bytes")
    downloads = serializers.IntegerField(read_only=True)
    extension = serializers.CharField(read_only=True, help_text="With its dot; empty when there is none")
    checksum = serializers.CharField(read_only=True, help_text="MD5 in hex; of an external file what was declared")
    secured = serializers.BooleanField(read_only=True)
    published = serializers.BooleanField(read_only=True)
    releaseId = serializers.CharField(read_only=True)
    releaseName = serializers.CharField(read_only=True)

    def to_representation(self, file: File) -> dict[str, Any]:
        version = file.version
        ending = extension(file.filename)
        return {
            "id": file.public_id,
            "createdAt": moment(file.created_at),
            "updatedAt": moment(file.updated_at),
            "name": file.filename,
            "url": self._external(file) if file.is_link_only else self._hosted(file),
            "size": file.size_bytes,
            "downloads": file.download_count,
            "extension": f".{ending}" if ending else "",
            "checksum": file.blob.md5 if file.blob else file.declared_checksum,
            "secured": file.is_secured,
            "published": version.is_released,
            "releaseId": version.public_id,
            "releaseName": version.display_title,
        }

    def _external(self, file: File) -> str | None:
        """Nothing for a caller who may not fetch the file: the address of a link is as good as its bytes."""
        return file.external_url if barrier_of(self.context["actor"], file) is None else None

    def _hosted(self, file: File) -> str:
        version = file.version
        path = f"{account_of(version.download)}/{version.public_id}/{quote(file.filename, safe='')}"
        return f"{self.context['base_url']}/v3/{path}"


class V3ReleaseSerializer(serializers.Serializer[Any]):
    """`context["files"]`: version id -> its files, as far as the caller may see them."""

    id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    updatedAt = serializers.DateTimeField(read_only=True)
    name = serializers.CharField(read_only=True)
    channel = serializers.CharField(read_only=True)
    version = serializers.CharField(read_only=True)
    platforms = serializers.ListField(child=serializers.CharField(), read_only=True)
    notes = serializers.CharField(read_only=True)
    totalFiles = serializers.IntegerField(read_only=True)
    publishedAt = serializers.DateTimeField(read_only=True, allow_null=True)
    files = V3ReleaseFileSerializer(many=True, read_only=True)
    published = serializers.BooleanField(read_only=True)
    private = serializers.BooleanField(read_only=True, help_text="In no list but the team's own")
    archived = serializers.BooleanField(read_only=True)
    productId = serializers.CharField(read_only=True)
    tenantId = serializers.CharField(read_only=True, help_text="The account: organization or owner")

    def to_representation(self, version: Version) -> dict[str, Any]:
        shown_file = V3ReleaseFileSerializer(context=self.context).to_representation
        files = [shown_file(file) for file in self.context["files"].get(version.pk, ())]
        return {
            "id": version.public_id,
            "createdAt": moment(version.created_at),
            "updatedAt": moment(version.updated_at),
            "name": version.display_title,
            "channel": version.channel,
            "version": version.number,
            "platforms": version.platforms,
            "notes": version.release_notes,
            "totalFiles": len(files),
            "publishedAt": moment(version.published_at) if version.is_released else None,
            "files": files,
            "published": version.is_released,
            "private": is_private(version),
            "archived": version.state == Version.State.ARCHIVED,
            "productId": version.download.public_id,
            "tenantId": account_of(version.download),
        }


def is_private(version: Version) -> bool:
    """Not shown in the lists of outsiders: private, or known by its address only."""
    return version.visibility != Version.Visibility.LISTED


class V3ProductNameSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    displayName = serializers.CharField(read_only=True)


class V3MyReleaseSerializer(V3ReleaseSerializer):
    product = V3ProductNameSerializer(read_only=True)

    def to_representation(self, version: Version) -> dict[str, Any]:
        product = version.download
        names = {"id": product.public_id, "name": product.title, "displayName": product.title}
        return super().to_representation(version) | {"product": names}


# --- in ---------------------------------------------------------------------------------------------------------------


class PlatformsField(serializers.ListField):
    """In lower case, each once."""

    child = serializers.CharField(max_length=NAME_LENGTH)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_PLATFORMS, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(word.lower() for word in super().to_internal_value(data)))


class V3ReleaseUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    version = serializers.RegexField(VERSION, max_length=128, required=False, trim_whitespace=False)
    channel = serializers.CharField(max_length=NAME_LENGTH, required=False)
    platforms = PlatformsField(required=False)
    private = serializers.BooleanField(required=False)
    notes = serializers.CharField(
        max_length=NOTES_LENGTH, required=False, allow_blank=True, allow_null=True, trim_whitespace=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """By the names of the domain."""
        names = {"name": "title", "version": "number", "notes": "release_notes"}
        fields = {names.get(name, name): value for name, value in attrs.items()}
        if "release_notes" in fields:
            fields["release_notes"] = fields["release_notes"] or ""
        return fields


class V3ReleaseCreateSerializer(V3ReleaseUpdateSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH)
    version = serializers.RegexField(VERSION, max_length=128, trim_whitespace=False)
    channel = serializers.CharField(max_length=NAME_LENGTH, default="stable")
    productId = serializers.CharField(max_length=NAME_LENGTH)
    createdAt = serializers.DateTimeField(required=False, help_text="Of old releases only")


class V3ReleaseFileCreateSerializer(InputSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH, trim_whitespace=False)
    url = serializers.CharField(max_length=2048)
    size = UnsignedField()
    checksum = serializers.CharField(max_length=256, required=False, allow_blank=True, help_text="MD5 is compared")
    secured = serializers.BooleanField()
    releaseId = serializers.CharField(max_length=NAME_LENGTH)
