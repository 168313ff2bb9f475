"""The shapes of uploads in the native API, in responses and in request bodies."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from files.models import File, UploadSession
from files.uploads.parts import PartAddress
from releasehub.api.common.fields import FlagField, TextOrNullField, UnsignedField
from releasehub.api.common.serializers import InputSerializer, OutputSerializer
from releasehub.core.numbers import MAX_ID, MAX_INTEGER, read_number

HEX_SHA256 = r"^(sha256:)?[0-9a-fA-F]{64}\Z"
MAX_FILE_BYTES = 5 * 1024**4


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[a-z0-9]{1,24}$"}]})
class VersionField(serializers.Field[Any, Any, Any, Any]):
    """The id of a version: its number or its public id."""

    default_error_messages = {"invalid": "Enter the numeric id or the public_id of a version."}

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str):
            is_valid = read_number(data) is not None or (data.isascii() and data.isalnum() and len(data) <= 24)
        else:
            is_valid = isinstance(data, int) and not isinstance(data, bool) and 0 <= data <= MAX_ID
        if not is_valid:
            self.fail("invalid")
        return str(data)

    def to_representation(self, value: Any) -> Any:
        return value


class UploadCreateSerializer(InputSerializer):
    version_id = VersionField(
        required=False, help_text="The numeric id or the public_id; without it, the file is attached later"
    )
    filename = serializers.CharField(max_length=1020, trim_whitespace=False)
    size_bytes = UnsignedField(max_value=MAX_FILE_BYTES)
    sha256 = serializers.RegexField(
        HEX_SHA256, required=False, help_text="Hex digits; the storage rejects a file with another checksum"
    )
    part_bytes = UnsignedField(
        required=False, help_text="The size of a part; 0: a single PUT. By default, the hub chooses"
    )
    platform = serializers.CharField(max_length=50, required=False, allow_blank=True)
    architecture = serializers.CharField(max_length=50, required=False, allow_blank=True)
    display_label = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=File.FileKind.choices, required=False)
    display_order = UnsignedField(required=False, max_value=MAX_INTEGER)
    is_primary = FlagField(required=False)

    def validate_sha256(self, value: str) -> str:
        return value.lower().removeprefix("sha256:")


class UploadPartSerializer(InputSerializer):
    number = serializers.IntegerField(min_value=1, max_value=10_000)
    md5 = serializers.RegexField(
        r"^[0-9a-fA-F]{32}\Z", required=False, help_text="Hex digits; the storage compares the checksum"
    )


class UploadPartsSerializer(InputSerializer):
    parts = UploadPartSerializer(many=True, allow_empty=False)


class UploadAddressSerializer(OutputSerializer):
    number = serializers.IntegerField()
    url = serializers.CharField()
    method = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField(), source="put.headers")
    first_byte = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    expires_at = serializers.DateTimeField()

    constants = {"method": "PUT"}

    def get_url(self, address: PartAddress) -> str:
        url = address.put.url
        return self.context["base_url"] + url if url.startswith("/") else url


class UploadErrorSerializer(OutputSerializer):
    code = serializers.CharField(source="error_code")
    message = serializers.CharField(source="error_message")


class UploadSerializer(OutputSerializer):
    """The state of an upload. `context`: `progress` (which parts have arrived) and `addresses` (signed URLs)."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=UploadSession.State.values)
    version_id = serializers.IntegerField(allow_null=True)
    filename = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = TextOrNullField(allow_null=True)
    part_bytes = serializers.IntegerField(help_text="0: a single PUT")
    part_count = serializers.IntegerField(source="incoming.part_count")
    received = serializers.ListField(child=serializers.IntegerField())
    missing = serializers.ListField(child=serializers.IntegerField())
    expires_at = serializers.DateTimeField(help_text="When the upload expires unless further parts arrive")
    file_id = serializers.IntegerField(allow_null=True)
    error = UploadErrorSerializer(allow_null=True)
    urls = UploadAddressSerializer(many=True)

    def get_received(self, upload: UploadSession) -> list[int]:
        return list(self.context["progress"].received)

    def get_missing(self, upload: UploadSession) -> list[int]:
        return list(self.context["progress"].missing)

    def get_expires_at(self, upload: UploadSession) -> datetime:
        return upload.last_active_at + timedelta(days=settings.UPLOAD_DAYS)

    def get_error(self, upload: UploadSession) -> UploadSession | None:
        return upload if upload.error_code else None

    def get_urls(self, upload: UploadSession) -> Sequence[PartAddress]:
        return self.context["addresses"]


class UploadAnswerSerializer(serializers.Serializer[Any]):
    upload = UploadSerializer()
