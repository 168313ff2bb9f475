"""The shapes of signing in and of the status of the hub in the v3 dialect."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from releasehub.api.common.serializers import InputSerializer


class V3LoginSerializer(InputSerializer):
    accountAlias = serializers.CharField(
        max_length=256, required=False, allow_blank=True, help_text="Accepted and ignored: a hub is a single account"
    )
    accountId = serializers.CharField(max_length=256, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, help_text="An e-mail address or user name")
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class V3AccessTokenSerializer(serializers.Serializer[Any]):
    accessToken = serializers.CharField(help_text="A bearer token that is valid for an hour")


class V3StatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["up", "down"])
    checks = serializers.DictField(child=serializers.BooleanField())
