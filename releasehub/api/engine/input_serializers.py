"""The shapes of request bodies and queries of the engine dialect."""

from typing import Any

from rest_framework import serializers

from files.uploads.attachment_sources import FileReference
from releasehub.api.common.cooldowns import CooldownQuerySerializer
from releasehub.api.common.fields import VersionNumberField
from releasehub.api.common.paging import MAX_PAGE
from releasehub.api.common.serializers import InputSerializer, QuerySerializer
from releasehub.api.engine import terms

CHECKSUM = r"^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})\Z"
MAX_FILES = 100
MAX_HASHES = 100
MAX_LIMIT = 100


class EngineFileInputSerializer(InputSerializer):
    file_id = serializers.CharField(
        max_length=100,
        help_text="The number of an asset of the release page, or the id of a completed upload or of a file",
    )
    platform = serializers.CharField(required=False, max_length=50, allow_blank=True)
    architecture = serializers.CharField(required=False, max_length=50, allow_blank=True)
    hash = serializers.RegexField(
        CHECKSUM,
        required=False,
        help_text="SHA-512, SHA-256, SHA-1 or MD5 as hex digits; a file with another checksum is rejected",
    )

    def to_internal_value(self, data: Any) -> Any:
        fields = super().to_internal_value(data)
        return FileReference(
            reference=fields["file_id"],
            platform=fields.get("platform", ""),
            architecture=fields.get("architecture", ""),
            checksum=fields.get("hash", "").lower(),
        )


class StatusField(serializers.ChoiceField):
    default_error_messages = {"unknown": "unknown is for reading only. Send one of {names}."}

    def to_internal_value(self, data: Any) -> Any:
        if data == "unknown":
            self.fail("unknown", names=", ".join(terms.WRITABLE_STATUSES))
        return super().to_internal_value(data)


class EngineVersionUpdateSerializer(InputSerializer):
    """A change of a version. Fields left out stay as they are; `files` are added to the existing ones."""

    name = serializers.CharField(required=False, source="title", max_length=256)
    version_number = VersionNumberField(required=False, source="number", max_length=1000, trim_whitespace=False)
    changelog = serializers.CharField(required=False, allow_null=True, allow_blank=True, trim_whitespace=False)
    changelog_url = serializers.URLField(required=False, allow_null=True, allow_blank=True, max_length=1000)
    version_type = serializers.ChoiceField(required=False, choices=terms.TYPES)
    status = StatusField(required=False, choices=terms.WRITABLE_STATUSES)
    publish_at = serializers.DateTimeField(
        required=False, help_text="When a version with the status `scheduled` is published"
    )
    github_release_url = serializers.URLField(required=False, source="release_page_url", max_length=1000)
    files = serializers.ListField(child=EngineFileInputSerializer(), required=False, max_length=MAX_FILES)

    def validate_changelog(self, value: str | None) -> str:
        return value or ""

    def validate_changelog_url(self, value: str | None) -> str:
        return value or ""


class EngineVersionCreateSerializer(EngineVersionUpdateSerializer):
    required_fields = ("version_number", "github_release_url")
    default_values = {"status": "listed", "files": list}


class EngineAddedFilesSerializer(InputSerializer):
    files = serializers.ListField(child=EngineFileInputSerializer(), max_length=MAX_FILES)


class EngineFileUpdateInputSerializer(InputSerializer):
    """The system of a client that has a file, and the channel it follows. By default they are those of the file."""

    channel = serializers.CharField(
        required=False, max_length=50, help_text="`release`, `beta`, `alpha`, or the name of a channel of the hub"
    )
    platform = serializers.CharField(required=False, max_length=50)
    architecture = serializers.CharField(required=False, max_length=50)


class EngineFilesInputSerializer(InputSerializer):
    """The checksums of files whose versions a client wants to know."""

    required_fields = ("hashes",)

    hashes = serializers.ListField(
        child=serializers.CharField(max_length=128),
        required=False,
        max_length=MAX_HASHES,
        help_text="SHA-512 or SHA-256 as hex digits, in upper or lower case",
    )


class EngineFilterQuerySerializer(QuerySerializer):
    channel = serializers.CharField(
        required=False, max_length=256, help_text="`release`, `beta`, `alpha`, or the name of a channel of the hub"
    )
    version_type = serializers.ChoiceField(
        required=False, choices=terms.TYPES, source="channel", help_text="The same, with the name of the original"
    )
    status = serializers.ChoiceField(required=False, choices=terms.STATUSES)
    platform = serializers.CharField(required=False, max_length=256)

    def validate_channel(self, value: str) -> str:
        return value.lower()

    def validate_platform(self, value: str) -> str:
        return value.lower()


class EngineLatestQuerySerializer(EngineFilterQuerySerializer, CooldownQuerySerializer):
    pass


class EngineListQuerySerializer(EngineFilterQuerySerializer):
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=MAX_PAGE)
    offset = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_PAGE, help_text="The number of versions to skip, instead of `page`"
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT)
    index = serializers.ChoiceField(required=False, choices=list(terms.ORDERS), default="newest")


class EngineDeleteQuerySerializer(QuerySerializer):
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=500, help_text="Recorded in the audit log"
    )


class EngineFileDeleteQuerySerializer(EngineDeleteQuerySerializer):
    version_id = serializers.CharField(
        required=False,
        max_length=24,
        help_text="The version of the file; required if several versions have a file with this checksum",
    )
    id = serializers.CharField(
        required=False, max_length=24, source="version_id", help_text="The same, with the name of the original"
    )
