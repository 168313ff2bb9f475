"""The pages about the person: name and e-mail address, export of the data, and closing the account."""

from typing import Any

import orjson
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.accounts.limits import count_mail_request
from releasehub.accounts.models import User
from releasehub.accounts.services.anonymizing import EFFECT, close_account
from releasehub.accounts.services.exporting import export_personal_data
from releasehub.accounts.services.saving import save_account
from releasehub.accounts.user_policies import user_policy
from releasehub.core.requests import actor_of, address_of
from releasehub.pages.avatars import AvatarForm
from releasehub.pages.form_pages import account_action, account_form, form_page
from releasehub.pages.forms import ServiceForm
from releasehub.pages.viewers import account_of


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("first_name", "last_name")


class EmailForm(forms.Form):
    email = forms.EmailField(label=_("New e-mail address"), max_length=254)


class CloseForm(ServiceForm):
    """The user name again, because closing an account cannot be undone."""

    confirmation = forms.CharField(label=_("Your user name, to confirm"), max_length=150)

    def __init__(self, *args: Any, username: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.username = username

    def clean_confirmation(self) -> str:
        text: str = self.cleaned_data["confirmation"]
        if text != self.username:
            raise ValidationError(_("This is not your user name. Nothing has changed."))
        return text


@account_form
def profile(request: HttpRequest) -> HttpResponse:
    user = account_of(request)
    form = ProfileForm(request.POST or None, instance=user)
    if form.is_valid():
        save_account(user, form.changed_data)
        messages.success(request, gettext("Saved."))
        return redirect("pages:profile")
    pending = EmailAddress.objects.filter(user=user, verified=False).first()
    context = {"person": user, "avatar_form": AvatarForm(), "pending": pending, "sends_mail": bool(settings.EMAIL_HOST)}
    return form_page(request, "pages/profile.html", form, **context)


@account_form
def change_email(request: HttpRequest) -> HttpResponseBase:
    """Send a link to the new address. The account keeps the old address until the link is opened."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    form = EmailForm(request.POST or None)
    if form.is_valid() and settings.EMAIL_HOST:
        email = form.cleaned_data["email"].lower()
        count_mail_request(address_of(request), email)
        EmailAddress.objects.add_new_email(request, account_of(request), email)
        messages.success(request, gettext("Open the link that we sent to %(email)s.") % {"email": email})
        return redirect("pages:profile")
    context = {"sends_mail": bool(settings.EMAIL_HOST)}
    return form_page(request, "pages/change_email.html", form, **context)


@account_form
def personal_data(request: HttpRequest) -> HttpResponseBase:
    """Close the account, after the password and the user name were entered again."""
    user = account_of(request)
    if request.method == "POST":
        user_policy.ensure("close", actor_of(request), user)
        raise_if_reauthentication_required(request, app="allauth.mfa")
    form = CloseForm(request.POST or None, username=user.username)
    if form.is_valid():
        with form.refusals():
            close_account(actor=actor_of(request), user=user)
            logout(request)
            messages.success(request, gettext("Your account is closed."))
            return redirect("pages:front")
    owned = Download.objects.filter(owner=user).count()
    context = {
        "effect": EFFECT,
        "owned": owned,
        "can_close": user_policy.can_close(actor_of(request), user),
    }
    return form_page(request, "pages/personal_data.html", form, **context)


@account_action
def export(request: HttpRequest) -> HttpResponseBase:
    """Return a file with everything that the hub stores about the user, after the password was entered again."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    data = export_personal_data(actor=actor_of(request), user=account_of(request))
    response = HttpResponse(orjson.dumps(data, option=orjson.OPT_INDENT_2), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="personal-data.json"'
    response["Cache-Control"] = "no-store"
    return response
