"""The page that sets up an empty hub. Only a link that was printed on the terminal opens it."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.services.first_run import find_set_up_link, set_up_hub
from releasehub.accounts.forms import new_password_field, new_password_help
from releasehub.accounts.models import User
from releasehub.accounts.sign_up import MAX_USERNAME_CHARACTERS, USERNAME_RULE, validate_owner_name, validate_username
from releasehub.core.requests import actor_of
from releasehub.core.site import DEFAULT_NAME, MAX_NAME_CHARACTERS
from releasehub.pages.form_pages import form_page, require_form_methods
from releasehub.pages.secret_urls import keep_secret


class SetUpForm(forms.Form):
    """The administrator, the name of the site and a first category."""

    site_name = forms.CharField(label=_("Name of the site"), max_length=MAX_NAME_CHARACTERS, initial=DEFAULT_NAME)
    username = forms.CharField(
        label=_("Your user name"),
        max_length=MAX_USERNAME_CHARACTERS,
        validators=[validate_username, validate_owner_name],
        initial="administrator",
        help_text=USERNAME_RULE,
    )
    password = new_password_field(_("Your password"))
    category = forms.CharField(
        label=_("First category"),
        max_length=100,
        required=False,
        initial=_("Software"),
        help_text=_("Every download belongs to a category. You can rename this one and add more at any time."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = new_password_help()
        if settings.SITE_NAME:
            del self.fields["site_name"]

    def clean_password(self) -> str:
        user = User(username=self.cleaned_data.get("username", ""))
        return get_adapter().clean_password(self.cleaned_data["password"], user=user)


@require_form_methods
def set_up(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the form, or set up the hub and sign the administrator in."""
    find_set_up_link(token)
    form = SetUpForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        response = form_page(request, "pages/set_up.html", form)
        return keep_secret(response)
    user = set_up_hub(actor=actor_of(request), token=token, **form.cleaned_data)
    login(request, user)
    messages.success(request, gettext("Your hub is ready."))
    return keep_secret(redirect("pages:desk"))
