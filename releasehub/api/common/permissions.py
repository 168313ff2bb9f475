from typing import cast

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from releasehub.api.common.errors import MissingScope
from releasehub.apikeys.requests import Credential, allows
from releasehub.apikeys.scopes import Scope


class HasScope(BasePermission):
    """What may this key: the scopes the view names for its action, none where it names none.

    Without a key only what the view calls open is possible.
    Errors: NotAuthenticated, MissingScope.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        action = getattr(view, "action", None)
        if action is None or request.method == "OPTIONS":
            return True  # no such verb here; the answer says so
        if request.auth is None:
            if view.is_open:  # type: ignore[attr-defined]
                return True
            raise NotAuthenticated
        require(request, *view.scopes_of(action))  # type: ignore[attr-defined]
        return True


def require(request: Request, *scopes: Scope) -> None:
    """Errors: MissingScope."""
    credential = cast(Credential, request.auth)
    if missing := [scope.value for scope in scopes if not allows(credential, scope)]:
        raise MissingScope(*missing)
