"""The entries of the navigation next to the account pages."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """A link of the navigation.

    Attributes:
        route: The name of the page.
        label: The text of the link.
        icon: The name of an icon.
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
