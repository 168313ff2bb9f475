"""The page on which a user chooses the language and the time zone."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.preferences import known_zones, save_preferences
from releasehub.pages.form_pages import account_form, form_page
from releasehub.pages.preferences import set_preferences

AUTOMATIC = ("", _("as in the browser"))


def language_choices() -> list[tuple[str, Any]]:
    return [AUTOMATIC, *((code, get_language_info(code)["name_local"]) for code in settings.SITE_LANGUAGES)]


def zone_choices() -> list[tuple[str, Any]]:
    """Return the time zones of places. Other names, such as `Etc/GMT+3`, are for programs."""
    places = sorted(name for name in known_zones() if "/" in name and not name.startswith("Etc/"))
    return [AUTOMATIC, ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=language_choices,
        help_text=_("For pages and e-mails. The footer of each page changes it for this browser only."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, choices=zone_choices)


@account_form
def preferences(request: HttpRequest) -> HttpResponseBase:
    user: Any = request.user
    form = PreferencesForm(request.POST or None, initial={"language": user.language, "time_zone": user.time_zone})
    if not form.is_valid():
        return form_page(request, "pages/preferences.html", form)
    save_preferences(user=user, **form.cleaned_data)
    response = redirect("pages:preferences")
    _follow(request, response, **form.cleaned_data)
    return response


def _follow(request: HttpRequest, response: HttpResponseBase, language: str, time_zone: str) -> None:
    """Apply the choice to this browser at once. The message is in the new language already."""
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), (settings.ZONE_COOKIE_NAME, time_zone)):
        if not value:
            response.delete_cookie(name)
    set_preferences(response, language, time_zone)
    with translation.override(language or translation.get_language()):
        messages.success(request, gettext("Your choice was saved."))
