from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from files.models import File, UploadSession
from files.uploads.sessions import PartAddress, Progress
from releasehub.api.common.fields import FlagField, UnsignedField
from releasehub.api.common.serializers import InputSerializer

HEX_SHA256 = r"^(sha256:)?[0-9a-fA-F]{64}\Z"
LARGEST_FILE = 5 * 1024**4


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[a-z0-9]{1,24}$"}]})
class VersionField(serializers.Field[Any, Any, Any, Any]):
    """The number of a version, or its public id."""

    default_error_messages = {"invalid": "Give the number or the public_id of a version."}

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, int) and not isinstance(data, bool) and 0 <= data < 2**63:
            return data
        if isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 19:
            return int(data)
        if not (isinstance(data, str) and data.isascii() and data.isalnum() and len(data) <= 24):
            self.fail("invalid")
        return str(data)

    def to_representation(self, value: Any) -> Any:
        return value


class UploadCreateSerializer(InputSerializer):
    version_id = VersionField(required=False, help_text="Number or public_id; without it the file is attached later")
    filename = serializers.CharField(max_length=1020, trim_whitespace=False)
    size_bytes = UnsignedField(max_value=LARGEST_FILE)
    sha256 = serializers.RegexField(HEX_SHA256, required=False, help_text="Hex; the storage refuses other bytes")
    part_bytes = UnsignedField(required=False, help_text="0: one PUT; left out, the hub chooses")
    platform = serializers.CharField(max_length=50, required=False, allow_blank=True)
    architecture = serializers.CharField(max_length=50, required=False, allow_blank=True)
    display_label = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=File.Kind.choices, required=False)
    display_order = UnsignedField(required=False, max_value=2**31 - 1)
    is_primary = FlagField(required=False)

    def validate_sha256(self, value: str) -> str:
        return value.lower().removeprefix("sha256:")

    def validate_platform(self, value: str) -> str:
        return value.lower()

    def validate_architecture(self, value: str) -> str:
        return value.lower()


class UploadPartSerializer(InputSerializer):
    number = serializers.IntegerField(min_value=1, max_value=10_000)
    md5 = serializers.RegexField(r"^[0-9a-fA-F]{32}\Z", required=False, help_text="Hex; the storage compares it")


class UploadPartsSerializer(InputSerializer):
    parts = UploadPartSerializer(many=True, allow_empty=False)


class UploadAddressSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    url = serializers.CharField()
    method = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())
    first_byte = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class UploadErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class UploadSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=UploadSession.State.values)
    version_id = serializers.IntegerField(allow_null=True)
    filename = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(allow_null=True)
    part_bytes = serializers.IntegerField(help_text="0: one PUT")
    part_count = serializers.IntegerField()
    received = serializers.ListField(child=serializers.IntegerField())
    missing = serializers.ListField(child=serializers.IntegerField())
    expires_at = serializers.DateTimeField(help_text="When the session ends without further activity")
    file_id = serializers.IntegerField(allow_null=True)
    error = UploadErrorSerializer(allow_null=True)
    urls = UploadAddressSerializer(many=True)


class UploadAnswerSerializer(serializers.Serializer[Any]):
    upload = UploadSerializer()


class SuccessSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()


def shown_upload(
    upload: UploadSession, progress: Progress, addresses: list[PartAddress], *, base_url: str, expires_at: Any
) -> dict[str, Any]:
    error = {"code": upload.error_code, "message": upload.error_message} if upload.error_code else None
    return {
        "id": upload.public_id,
        "state": upload.state,
        "version_id": upload.version_id,
        "filename": upload.filename,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256 or None,
        "part_bytes": upload.part_bytes,
        "part_count": upload.incoming.part_count,
        "received": progress.received,
        "missing": progress.missing,
        "expires_at": expires_at,
        "file_id": upload.file_id,
        "error": error,
        "urls": [shown_address(address, base_url) for address in addresses],
    }


def shown_address(address: PartAddress, base_url: str) -> dict[str, Any]:
    url = address.put.url
    return {
        "number": address.number,
        "url": base_url + url if url.startswith("/") else url,
        "method": "PUT",
        "headers": address.put.headers,
        "first_byte": address.first_byte,
        "size_bytes": address.size_bytes,
        "expires_at": address.expires_at,
    }
