"""The account pages: their navigation, and the overview with invitations, downloads and webhooks that stopped."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.core.requests import actor_of
from releasehub.distribution.annotations import current_version_numbers
from releasehub.pages.form_pages import account_page
from releasehub.pages.invitation_lists import invitations_of, organizations_of
from releasehub.webhooks.endpoint_states import in_state
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.querysets import visible_endpoints


@dataclass(frozen=True)
class Entry:
    """A link of the navigation.

    Attributes:
        prefix: The beginning of the paths of all pages that belong to this entry, below `/account/`.
    """

    route: str
    label: Any
    icon: str
    prefix: str


ENTRIES = (
    Entry("pages:account", _("Overview"), "home", ""),
    Entry("pages:desk", _("My downloads"), "package", "downloads/"),
    Entry("pages:desk-imports", _("Imports"), "download", "imports/"),
    Entry("pages:profile", _("Profile"), "user", "profile/"),
    Entry("mfa_index", _("Password and security"), "shield", "security/"),
    Entry("pages:browsers", _("Signed-in browsers"), "system", "browsers/"),
    Entry("pages:preferences", _("Language and time zone"), "web", "language/"),
    Entry("pages:watches", _("Notifications"), "bell", "watches/"),
    Entry("pages:keys", _("API keys"), "key", "keys/"),
    Entry("pages:access-keys", _("Access keys"), "people", "access-keys/"),
    Entry("pages:webhooks", _("Webhooks"), "feed", "webhooks/"),
    Entry("pages:personal-data", _("Your data"), "file", "data/"),
)
ALIASES = {"password/": "security/", "versions/": "downloads/", "files/": "downloads/"}
ROOT = "/account/"


def current_entry(path: str) -> Entry:
    """Return the entry that a page belongs to."""
    below = path.removeprefix(ROOT)
    for start, prefix in ALIASES.items():
        below = prefix + below.removeprefix(start) if below.startswith(start) else below
    return next((entry for entry in ENTRIES if entry.prefix and below.startswith(entry.prefix)), ENTRIES[0])


MAX_DOWNLOADS = 100
MAX_NOTICES = 5


@account_page
def account(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    mine = Download.objects.worked_on_by(actor).select_related("category")
    downloads = mine.order_by("title")[:MAX_DOWNLOADS]
    shown = [download.pk for download in downloads]
    context = {
        "downloads": downloads,
        "current_numbers": current_version_numbers(shown),
        "team_managed": set(Download.objects.team_managed_by(actor).filter(pk__in=shown).values_list("pk", flat=True)),
        "invitations": invitations_of(actor),
        "organizations": organizations_of(actor),
        "disabled": in_state(visible_endpoints(actor), Endpoint.State.DISABLED)[:MAX_NOTICES],
    }
    return render(request, "pages/account.html", context)
