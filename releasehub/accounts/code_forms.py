"""The forms that take the code of a second factor. Wrong codes are limited like wrong passwords."""

from typing import Any

from allauth.core import context
from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from django import forms
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.adapters import too_many_attempts
from releasehub.accounts.models import User
from releasehub.accounts.throttle import begin_attempt, reset_attempts
from releasehub.core.requests import address_of

MAX_CODE_CHARACTERS = 32
WIDGET_ATTRIBUTES = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}


class LimitedCodes(forms.Form):
    """Count an attempt before the code is compared. The password has been checked before this form is shown."""

    user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = forms.TextInput(attrs=WIDGET_ATTRIBUTES)
        self.fields["code"] = forms.CharField(label=_("Code"), max_length=MAX_CODE_CHARACTERS, widget=widget)

    def clean_code(self) -> str:
        # The sign-in form accepts no NUL, so this cannot be entered there as a user name to use up the attempts.
        name, address = f"second factor\0{self.user.pk}", address_of(context.request)
        if wait := begin_attempt(name, address):
            raise too_many_attempts(wait)
        code: str = super().clean_code()  # type: ignore[misc]
        reset_attempts(name, address)
        return code


class AuthenticateForm(LimitedCodes, base.AuthenticateForm):
    pass


class ReauthenticateForm(LimitedCodes, base.ReauthenticateForm):
    pass


class ActivateForm(LimitedCodes, totp.ActivateTOTPForm):
    pass
