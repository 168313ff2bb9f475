"""Authentication with API keys and tokens, for all dialects."""

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
    """Authenticates a request: `request.user` is the Actor and `request.auth` the key or token, or both are None."""

    def authenticate(self, request: Request) -> tuple[Actor, Credential] | None:
        credential = credential_of(request._request)
        return None if credential is None else (actor_for(request._request, credential), credential)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HubScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The security schemes of all dialects for the OpenAPI schema; `security` of a view set names those of its own."""

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
                "description": "The key without a prefix.",
            },
        ]
