from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from files.models import File
from releasehub.api.common.fields import FlagField
from releasehub.distribution.links import file_path
from releasehub.distribution.updates import LeftOut, Reason
from versions.models import Version
from versions.numbering import MAX_LENGTH


class UpdateQuerySerializer(serializers.Serializer[Any]):
    version = serializers.CharField(
        max_length=MAX_LENGTH,
        required=False,
        default="",
        allow_blank=True,
        help_text="What is installed, such as 1.4.2",
    )
    platform = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)
    arch = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)
    channel = serializers.CharField(
        max_length=50, required=False, default="", allow_blank=True, help_text="Left out: the download's own"
    )
    key = serializers.CharField(max_length=100, required=False, default="", allow_blank=True, help_text="An access key")
    allowed = FlagField(required=False, default=False, help_text="Only versions the access key opens")
    explain = FlagField(required=False, default=False, help_text="For the team: which versions were left out, and why")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs | {name: attrs[name].lower() for name in ("platform", "arch", "channel")}


class UpdateVersionSerializer(serializers.Serializer[Any]):
    version_id = serializers.IntegerField()
    public_id = serializers.CharField()
    number = serializers.CharField()
    channel = serializers.CharField()
    title = serializers.CharField()
    release_notes = serializers.CharField()
    published_at = serializers.DateTimeField()
    is_prerelease = serializers.BooleanField()


class UpdateFileSerializer(serializers.Serializer[Any]):
    file_id = serializers.IntegerField()
    filename = serializers.CharField()
    size_bytes = serializers.IntegerField()
    platform = serializers.CharField()
    architecture = serializers.CharField()
    sha256 = serializers.CharField(help_text="Hex; empty where the hub does not know it")
    sha512 = serializers.CharField(help_text="Hex; empty where the hub does not know it")
    download_url = serializers.CharField(help_text="Permanent")


class UpdateLeftOutSerializer(serializers.Serializer[Any]):
    version_id = serializers.IntegerField(source="version.pk")
    number = serializers.CharField(source="version.number")
    channel = serializers.CharField(source="version.channel")
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[reason.value for reason in Reason]))


class UpdateAnswerSerializer(serializers.Serializer[Any]):
    update_available = serializers.BooleanField()
    version = UpdateVersionSerializer(allow_null=True)
    file = UpdateFileSerializer(allow_null=True)
    left_out = UpdateLeftOutSerializer(many=True, required=False)


def shown_update(
    version: Version | None, file: File | None, left_out: Iterable[LeftOut] | None, *, base_url: str
) -> dict[str, Any]:
    """As `UpdateAnswerSerializer` says; made by hand, because installed apps ask this all the time."""
    shown: dict[str, Any] = {
        "update_available": version is not None,
        "version": _shown_version(version) if version else None,
        "file": _shown_file(file, base_url) if file else None,
    }
    if left_out is not None:
        shown["left_out"] = UpdateLeftOutSerializer(left_out, many=True).data
    return shown


def _shown_version(version: Version) -> dict[str, Any]:
    return {
        "version_id": version.pk,
        "public_id": version.public_id,
        "number": version.number,
        "channel": version.channel,
        "title": version.display_title,
        "release_notes": version.release_notes,
        "published_at": version.published_at,
        "is_prerelease": version.is_prerelease,
    }


def _shown_file(file: File, base_url: str) -> dict[str, Any]:
    return {
        "file_id": file.pk,
        "filename": file.filename,
        "size_bytes": file.size_bytes,
        "platform": file.platform,
        "architecture": file.architecture,
        "sha256": file.blob.sha256 if file.blob else file.external_sha256,
        "sha512": file.blob.sha512 if file.blob else file.external_sha512,
        "download_url": f"{base_url}{file_path(file)}",
    }
