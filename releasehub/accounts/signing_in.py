"""Sign-in with a user name and a password, for the APIs."""

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
    """The user does not exist or is inactive, or the password is wrong. The error does not reveal which."""


class TooManyAttempts(SignInFailed):
    """The attempt was refused before the password was compared."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__()
        self.wait_seconds = wait_seconds


def sign_in(request: HttpRequest, *, name: str, password: str) -> User:
    """Return the user with this name or e-mail address. Failures are counted and audited as in the sign-in form.

    An unknown name takes as much time as a wrong password, because the backend hashes a password in both cases.

    Raises:
        SignInFailed: The name or the password is wrong.
        TooManyAttempts: There were too many failed attempts.
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
    """Return the user name for what was entered as the name.

    An e-mail address becomes the name of its user, unless several users share it or it is somebody's user name.
    """
    if User.objects.filter(username=name).exists():
        return name
    users = list(User.objects.filter(email__iexact=name)[:2]) if name else []
    return users[0].username if len(users) == 1 else name
