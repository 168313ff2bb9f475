"""Signing in where there is no form."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.http import HttpRequest

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, Origin
from releasehub.core.requests import request_details


class SignInFailed(Exception):
    """No such user, another password, or an inactive account: all look the same."""


class TooManyAttempts(SignInFailed):
    """Refused untried."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__()
        self.wait_seconds = wait_seconds


def sign_in(request: HttpRequest, *, name: str, password: str) -> User:
    """The user of that name or e-mail address; failures are counted and audited as at every other door.

    An unknown name costs as much time as a wrong password, because the backend hashes in both cases.
    Errors: SignInFailed, TooManyAttempts.
    """
    user = authenticate(request, username=_username(name), password=password)
    if user is not None:
        actor = Actor(user=user, origin=Origin.API, **request_details(request))
        audit.record(actor=actor, action=AuditAction.SIGN_IN, target=user)
        return user
    if wait := request.META.get(TOO_MANY):
        raise TooManyAttempts(wait)
    raise SignInFailed


def _username(name: str) -> str:
    """Of the one user with that address; an address that several share, or a name in use, stands for itself."""
    if User.objects.filter(username=name).exists():
        return name
    found = list(User.objects.filter(email__iexact=name)[:2]) if name else []
    return found[0].username if len(found) == 1 else name
