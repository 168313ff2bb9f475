"""The shapes of responses that several resources of the native API use."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SuccessSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
