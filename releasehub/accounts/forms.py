"""The forms that sign in, and that change, reset and choose a password."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.core import context
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.limits import count_mail_request
from releasehub.accounts.models import User
from releasehub.accounts.people import username_of
from releasehub.core.domain_messages import translated
from releasehub.core.errors import TooMany
from releasehub.core.requests import address_of

MAX_NAME_CHARACTERS = 254
MAX_PASSWORD_CHARACTERS = 4096


class SignInForm(LoginForm):
    """A sign-in form for a user name or an e-mail address, and a password."""

    login = forms.CharField(
        label=_("Username or e-mail"),
        max_length=MAX_NAME_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = type(self).base_fields["login"]
        self.order_fields(["login", "password"])
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            max_length=MAX_PASSWORD_CHARACTERS,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )

    def add_prefix(self, field_name: str) -> str:
        """Keep the name that the field always had on this page, which password managers remember."""
        return "username" if field_name == "login" else super().add_prefix(field_name)

    def user_credentials(self) -> dict[str, str]:
        name, password = self.cleaned_data["login"], self.cleaned_data["password"]
        return {"username": username_of(name), "password": password}


MAX_ACCOUNTS_PER_ADDRESS = 5


def new_password_help() -> str:
    """Return the rules for passwords as plain text."""
    return " ".join(password_validators_help_texts())


def new_password_field(label: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, max_length=MAX_PASSWORD_CHARACTERS, widget=widget)


def relabel(field: forms.Field, label: Any, help_text: Any = "") -> None:
    """Replace the texts of a field of django-allauth by those of the hub, which shows no placeholders."""
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)


class NewPasswordOnce(forms.Form):
    """Ask for a new password once: the browser can show or store it, and a mistake is easily undone by a reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        relabel(self.fields["password1"], _("New password"), new_password_help())


class ChangePasswordForm(NewPasswordOnce, allauth_forms.ChangePasswordForm):
    """The form of a signed-in user. A wrong current password counts as a failed sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self.fields["oldpassword"], _("Current password"))

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class SetPasswordForm(NewPasswordOnce, allauth_forms.SetPasswordForm):
    """The form of a user who has signed in without a password so far."""


class ResetPasswordKeyForm(NewPasswordOnce, allauth_forms.ResetPasswordKeyForm):
    """The form behind the link of an e-mail."""


class ConfirmPasswordForm(allauth_forms.ReauthenticateForm):
    """The form that asks for the password again before settings that protect the account can be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self.fields["password"], _("Password"))
        self.fields["password"].widget.attrs["autofocus"] = True


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """The form that asks for a reset link. It behaves the same with and without an account behind the address."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        try:
            count_mail_request(address_of(context.request), email)
        except TooMany as error:
            raise ValidationError(translated(error.message), code="too_many") from None
        users = User.objects.filter(email__iexact=email, is_active=True).order_by("pk")
        self.users = list(users[:MAX_ACCOUNTS_PER_ADDRESS])
        return email


class ChoosePasswordForm(forms.Form):
    """A new password for the account that a one-time link is for."""

    password = new_password_field(_("New password"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = new_password_help()

    def clean_password(self) -> str:
        return get_adapter().clean_password(self.cleaned_data["password"], user=self.user)
