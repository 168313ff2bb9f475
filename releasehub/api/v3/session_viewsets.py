"""Signing in, and whether the hub is well."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.accounts.signing_in import SignInFailed, TooManyAttempts, sign_in
from releasehub.api.common.caching import confidential
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.v3.schema import about
from releasehub.api.v3.viewsets import V3ViewSet
from releasehub.apikeys.tokens import issue_token
from releasehub.core.readiness import readiness


class V3LoginSerializer(InputSerializer):
    accountAlias = serializers.CharField(
        max_length=256, required=False, allow_blank=True, help_text="Read and not needed: a hub is one account"
    )
    accountId = serializers.CharField(max_length=256, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, help_text="E-mail address or user name")
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class V3AccessTokenSerializer(serializers.Serializer[Any]):
    accessToken = serializers.CharField(help_text="A bearer token, for an hour")


class V3StatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["up", "down"])
    checks = serializers.DictField(child=serializers.BooleanField())


class V3AccountViewSet(V3ViewSet):
    serializer_class = V3AccessTokenSerializer
    open_actions = frozenset({"login"})
    required_scopes = {"login": ()}

    @about(
        operation_id="v3_login",
        summary="Sign in",
        request=V3LoginSerializer,
        responses={200: V3AccessTokenSerializer},
    )
    def login(self, request: Request) -> Response:
        given = self.get_validated_data(V3LoginSerializer)
        try:
            user = sign_in(request._request, name=given["email"], password=given["password"])
        except TooManyAttempts as refusal:
            raise Throttled(refusal.wait_seconds, "Too many failed attempts. Try again later.") from None
        except SignInFailed:
            raise AuthenticationFailed("The e-mail address or the password is wrong.") from None
        return confidential(Response({"accessToken": issue_token(user)}))


class V3StatusViewSet(V3ViewSet):
    serializer_class = V3StatusSerializer
    open_actions = frozenset({"status"})
    required_scopes = {"status": ()}

    @about(
        operation_id="v3_status",
        summary="Whether the hub is well",
        responses={200: V3StatusSerializer, 503: OpenApiResponse(V3StatusSerializer, description="It is not.")},
    )
    def status(self, request: Request) -> Response:
        checks = readiness()
        is_up = all(checks.values())
        return Response({"status": "up" if is_up else "down", "checks": checks}, status=200 if is_up else 503)
