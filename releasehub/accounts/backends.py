"""Password authentication for pages, the admin and the APIs."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from releasehub.accounts.models import User
from releasehub.accounts.throttle import begin_attempt, reset_attempts
from releasehub.core.requests import address_of

TOO_MANY = "releasehub.too_many_sign_ins"


class ThrottledBackend(ModelBackend):
    """A backend that limits failed attempts.

    If an attempt is refused before the password is compared, `request.META[TOO_MANY]` has the seconds to wait.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        address = address_of(request) if request is not None else None
        if wait := begin_attempt(username, address):
            if request is not None:
                request.META[TOO_MANY] = wait
            raise PermissionDenied
        user: User | None = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            reset_attempts(username, address)
        return user
