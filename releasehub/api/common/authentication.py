"""API keys and tokens, for all dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from releasehub.apikeys.requests import KEY_HEADER, Credential, actor_for, credential_of
from releasehub.core.actor import Actor

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema


class HubAuthentication(BaseAuthentication):
    """`request.user` is the Actor, `request.auth` the key or token; without any both stay empty."""

    def authenticate(self, request: Request) -> tuple[Actor, Credential] | None:
        credential = credential_of(request._request)
        return None if credential is None else (actor_for(request._request, credential), credential)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HubScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Every way to name the caller; a view's `security` says which of them its dialect documents."""

    target_class = HubAuthentication
    name = ["apiKey", "bearerKey", "token", "rawKey"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, str]]:
        return [
            {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": "An API key, `rh_…`."},
            {"type": "http", "scheme": "bearer", "description": "The same API key as a bearer token."},
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The token of a sign-in, or a personal access token.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "The key alone.",
            },
        ]
