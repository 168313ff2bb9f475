"""The permission of an API key: its scopes."""

from typing import cast

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from releasehub.api.common.errors import MissingScope
from releasehub.apikeys.requests import Credential, allows
from releasehub.apikeys.scopes import Scope

Scopes = Scope | tuple[Scope, ...]


def usual_scopes(read: Scopes, write: Scopes) -> dict[str, Scopes]:
    """Return the scopes of the usual actions on rows, for `required_scopes`."""
    return dict.fromkeys(("list", "retrieve"), read) | dict.fromkeys(
        ("create", "update", "partial_update", "destroy"), write
    )


class HasScope(BasePermission):
    """Requires the scopes that the view set names for its action. A request without a key may only run open actions.

    Raises:
        NotAuthenticated: The action needs a key.
        MissingScope: The key lacks a scope.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        action = getattr(view, "action", None)
        if action is None:
            return True  # the view does not support this HTTP method, and its response says so
        if request.auth is None:
            if view.is_open:  # type: ignore[attr-defined]
                return True
            raise NotAuthenticated
        require(request, *view.scopes_of(action))  # type: ignore[attr-defined]
        return True


def require(request: Request, *scopes: Scope) -> None:
    credential = cast(Credential, request.auth)
    if missing := [scope.value for scope in scopes if not allows(credential, scope)]:
        raise MissingScope(*missing)
