"""The sign-in form."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.names import username_of

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
