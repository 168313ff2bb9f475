"""The shapes of decisions about files in the native API, in responses and in request bodies."""

from typing import Any

from rest_framework import serializers

from files.models import File
from releasehub.api.common.serializers import InputSerializer, OutputSerializer


class FileAcceptSerializer(InputSerializer):
    reason = serializers.CharField(max_length=500, help_text="Shown in the audit log and to the team")


class FindingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    member = serializers.CharField(allow_blank=True, help_text="The archive member; empty for the file as a whole")


class AcceptedFileSerializer(OutputSerializer):
    id = serializers.IntegerField(source="pk")
    public_id = serializers.CharField()
    version_id = serializers.IntegerField()
    filename = serializers.CharField()
    validation_status = serializers.ChoiceField(choices=File.Validation.values)
    warnings = FindingSerializer(many=True)
    accepted_by = serializers.CharField(allow_null=True)
    accepted_reason = serializers.CharField()
    accepted_at = serializers.DateTimeField()

    def get_accepted_by(self, file: File) -> str | None:
        return file.accepted_by.get_username() if file.accepted_by else None


class AcceptedFileAnswerSerializer(serializers.Serializer[Any]):
    file = AcceptedFileSerializer()
