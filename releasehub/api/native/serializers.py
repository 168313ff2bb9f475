"""The shapes of responses that several resources of the native API use."""

from typing import Any

from rest_framework import serializers


class SuccessSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
