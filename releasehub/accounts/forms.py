"""The sign-in form."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from releasehub.accounts.backends import TOO_MANY


class SignInForm(AuthenticationForm):
    """A sign-in form that says how long to wait after too many failed attempts."""

    def get_invalid_login_error(self) -> ValidationError:
        if self.request is not None and (seconds := self.request.META.get(TOO_MANY)):
            wait = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
            return ValidationError(f"Too many failed attempts. Try again in {wait}.", code="too_many")
        return super().get_invalid_login_error()
