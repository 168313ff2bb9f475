from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.throttle import WINDOW_SECONDS


class SignInForm(AuthenticationForm):
    """Says when somebody has to wait."""

    def get_invalid_login_error(self) -> ValidationError:
        if self.request is not None and self.request.META.get(TOO_MANY):
            minutes = WINDOW_SECONDS // 60
            return ValidationError(f"Too many failed attempts. Try again in {minutes} minutes.", code="too_many")
        return super().get_invalid_login_error()
