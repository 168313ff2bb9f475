"""Sign-in with a user name and a password, for the APIs."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.http import HttpRequest

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.models import User
from releasehub.accounts.people import username_of
from releasehub.accounts.sign_up import awaits_confirmation
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, Origin
from releasehub.core.requests import request_details


class SignInFailed(Exception):
    """The user does not exist or is inactive, or the password is wrong. The error does not reveal which."""


class SecondFactorNeeded(SignInFailed):
    """The password is right, but it is not enough: the user has a second factor, which only the pages ask for."""


class AddressUnconfirmed(SignInFailed):
    """The password is right, but the user has not confirmed the e-mail address of the sign-up yet."""


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
        SecondFactorNeeded: The user has a second factor.
        AddressUnconfirmed: The user has signed up, but not confirmed the e-mail address.
        TooManyAttempts: There were too many failed attempts.
    """
    user = authenticate(request, username=username_of(name), password=password)
    if user is not None and is_mfa_enabled(user):
        raise SecondFactorNeeded
    if user is not None and awaits_confirmation(user):
        raise AddressUnconfirmed
    if user is not None:
        actor = Actor(user=user, origin=Origin.API, **request_details(request))
        audit.record(actor=actor, action=AuditAction.SIGN_IN, target=user)
        return user
    if wait := request.META.get(TOO_MANY):
        raise TooManyAttempts(wait)
    raise SignInFailed
