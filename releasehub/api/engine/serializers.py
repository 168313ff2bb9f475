"""Shapes of the engine dialect. Going out, a text that is not known is empty and a size that is not known is 0."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from files.models import File
from files.uploads.attaching import Named
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.engine import wire
from releasehub.distribution.links import file_path
from versions.models import Version

SHA512 = r"^[0-9a-fA-F]{128}\Z"
MOST_FILES = 100
TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"


# --- out --------------------------------------------------------------------------------------------------------------


class EngineFileSerializer(serializers.Serializer[Any]):
    """`context`: base_url."""

    hash = serializers.CharField(help_text="SHA-512, hex; empty while nobody has measured it")
    url = serializers.CharField(help_text="The permanent link; of an asset nobody looked up yet, the release page")
    filename = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes")
    architecture = serializers.CharField()

    def to_representation(self, file: File) -> dict[str, Any]:
        is_found = file.blob is not None or bool(file.external_url)
        return {
            "hash": file.blob.sha512 if file.blob else file.external_sha512,
            "url": self.context["base_url"] + file_path(file) if is_found else file.version.release_page_url,
            "filename": file.filename,
            "size": file.size_bytes,
            "architecture": file.architecture,
        }


class EngineVersionSerializer(serializers.Serializer[Any]):
    """`context`: base_url, and files: version id -> those to show."""

    name = serializers.CharField()
    version_number = serializers.CharField()
    changelog = serializers.CharField(allow_null=True)
    changelog_url = serializers.CharField(allow_null=True)
    version_type = serializers.ChoiceField(choices=wire.TYPES)
    status = serializers.ChoiceField(choices=wire.STATUSES)
    id = serializers.CharField()
    author_id = serializers.CharField()
    date_published = serializers.DateTimeField()
    files = EngineFileSerializer(many=True)
    github_release_url = serializers.CharField()

    def to_representation(self, version: Version) -> dict[str, Any]:
        shown = EngineFileSerializer(context=self.context)
        return {
            "name": version.display_title,
            "version_number": version.number,
            "changelog": version.changelog or None,
            "changelog_url": version.changelog_url or None,
            "version_type": wire.type_of(version),
            "status": wire.status_of(version),
            "id": version.public_id,
            "author_id": version.author.public_id if version.author else "",
            "date_published": moment(version.publish_at or version.released_at),
            "files": [shown.to_representation(file) for file in self.context["files"].get(version.pk, ())],
            "github_release_url": version.release_page_url,
        }


def moment(time: datetime) -> str:
    """Whole seconds, UTC."""
    return time.astimezone(UTC).strftime(TIME_FORM)


# --- in ---------------------------------------------------------------------------------------------------------------


class EngineFileInputSerializer(InputSerializer):
    file_id = serializers.CharField(
        max_length=100,
        help_text="An asset number of the release page, or the id of a finished upload or of a file",
    )
    platform = serializers.CharField(required=False, max_length=50, allow_blank=True)
    architecture = serializers.CharField(required=False, max_length=50, allow_blank=True)
    hash = serializers.RegexField(SHA512, required=False, help_text="SHA-512, hex; refused when the bytes differ")

    def to_internal_value(self, data: Any) -> Any:
        checked = super().to_internal_value(data)
        return Named(
            reference=checked["file_id"],
            platform=checked.get("platform", "").lower(),
            architecture=checked.get("architecture", "").lower(),
            sha512=checked.get("hash", "").lower(),
        )


class StatusField(serializers.ChoiceField):
    default_error_messages = {"unknown": "unknown is for reading only; send one of {words}."}

    def to_internal_value(self, data: Any) -> Any:
        if data == "unknown":
            self.fail("unknown", words=", ".join(wire.WRITABLE_STATUSES))
        return super().to_internal_value(data)


class EngineVersionUpdateSerializer(InputSerializer):
    """What is left out stays; `files` are added to those that are there."""

    name = serializers.CharField(required=False, source="title", max_length=256)
    version_number = serializers.CharField(required=False, source="number", max_length=1000, trim_whitespace=False)
    changelog = serializers.CharField(required=False, allow_null=True, allow_blank=True, trim_whitespace=False)
    changelog_url = serializers.URLField(required=False, allow_null=True, allow_blank=True, max_length=1000)
    version_type = serializers.ChoiceField(required=False, choices=wire.TYPES)
    status = StatusField(required=False, choices=wire.WRITABLE_STATUSES)
    publish_at = serializers.DateTimeField(required=False, help_text="With the status scheduled: when")
    github_release_url = serializers.URLField(required=False, source="release_page_url", max_length=1000)
    files = serializers.ListField(child=EngineFileInputSerializer(), required=False, max_length=MOST_FILES)

    def validate_changelog(self, value: str | None) -> str:
        return value or ""

    def validate_changelog_url(self, value: str | None) -> str:
        return value or ""


class EngineVersionCreateSerializer(EngineVersionUpdateSerializer):
    version_number = serializers.CharField(source="number", max_length=1000, trim_whitespace=False)
    status = StatusField(default="listed", choices=wire.WRITABLE_STATUSES)
    github_release_url = serializers.URLField(source="release_page_url", max_length=1000)
    files = serializers.ListField(child=EngineFileInputSerializer(), default=list, max_length=MOST_FILES)


class EngineLatestQuerySerializer(serializers.Serializer[Any]):
    channel = serializers.CharField(
        required=False, max_length=50, help_text="`release`, `beta`, `alpha`, or the name of a channel of the hub"
    )
    status = serializers.ChoiceField(required=False, choices=wire.STATUSES)
    platform = serializers.CharField(required=False, max_length=50)

    def validate_channel(self, value: str) -> str:
        return value.lower()

    def validate_platform(self, value: str) -> str:
        return value.lower()


class EngineListQuerySerializer(EngineLatestQuerySerializer):
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=2**31)


class EngineDeleteQuerySerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", max_length=500, help_text="Kept in the audit log")


class EngineFileDeleteQuerySerializer(EngineDeleteQuerySerializer):
    version_id = serializers.CharField(
        required=False, max_length=24, help_text="Whose file; needed where several versions hold these bytes"
    )
