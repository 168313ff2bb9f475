"""The forms that take the code of a second factor or the answer of a passkey.

Wrong codes are limited like wrong passwords. A malformed answer is a wrong one, not an error of the hub.
"""

import struct
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
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


# The errors of a malformed answer, in addition to those that allauth expects: a missing part, or one of another type.
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error)


class CredentialField(forms.JSONField):
    """An answer as JSON. It is valid for one challenge only, so a form that is shown again does not contain it."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class PasskeyForm(forms.Form):
    """The field that all forms of passkeys share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField(widget=forms.HiddenInput)


class AnswerForm(PasskeyForm):
    """An answer that signs in or confirms."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None


class LoginPasskeyForm(AnswerForm, webauthn.LoginWebAuthnForm):
    pass


class AuthenticatePasskeyForm(AnswerForm, webauthn.AuthenticateWebAuthnForm):
    pass


class ReauthenticatePasskeyForm(AnswerForm, webauthn.ReauthenticateWebAuthnForm):
    pass


class AddPasskeyForm(PasskeyForm, webauthn.AddWebAuthnForm):
    """The name of a new passkey, and whether it is enough to sign in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["passwordless"]
        field.initial, field.label = True, _("Sign in with this passkey alone, without a password")
        field.help_text = _("The device then asks for your fingerprint, face or PIN.")
        self.fields["name"].label = _("Name")

    def clean(self) -> dict[str, Any]:
        try:
            cleaned = super().clean()
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None
        return cleaned or {}
