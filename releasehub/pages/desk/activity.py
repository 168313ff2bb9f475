"""The page *Activity* on the author's desk: the changes of a download, with the users who made them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from downloads.activity import activity_of
from downloads.models import TeamMember
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Origin
from releasehub.core.requests import actor_of
from releasehub.pages.desk.activity_words import WORDS
from releasehub.pages.desk.download_forms import DownloadForm
from releasehub.pages.desk.files import FileForm
from releasehub.pages.desk.lookup import find_download
from releasehub.pages.desk.version_forms import VersionForm
from releasehub.pages.form_pages import account_page
from releasehub.pages.parameters import page_of_rows

ROWS_PER_PAGE = 30
FORMS = {"download": DownloadForm, "version": VersionForm, "file": FileForm}


@dataclass(frozen=True)
class ActivityLine:
    """One row in words. `details` says which fields changed, or whom it concerns."""

    entry: AuditEntry
    text: SafeString
    details: str


@account_page
def activity(request: HttpRequest, public_id: str) -> HttpResponse:
    actor = actor_of(request)
    download = find_download(actor, public_id)
    page = page_of_rows(request, activity_of(actor, download), per_page=ROWS_PER_PAGE)
    page.object_list = _lines(list(page.object_list), download.title)
    return render(request, "pages/desk/activity.html", {"download": download, "page": page})


def _lines(entries: list[AuditEntry], title: str) -> list[ActivityLine]:
    names = _usernames(entries)
    return [ActivityLine(entry, _text(entry, names, title), _details(entry, names)) for entry in entries]


def _usernames(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Return the present names of all users that the rows mention, with one query."""
    ids = {user_id for entry in entries for user_id in (entry.actor_id, _person(entry)) if user_id is not None}
    return {user.pk: user.username for user in User.objects.filter(pk__in=ids)}


def _person(entry: AuditEntry) -> int | None:
    """Return the user whom the row concerns, such as a team member."""
    person = entry.changes.get("user")
    return person if isinstance(person, int) else None


def _text(entry: AuditEntry, names: dict[int, str], title: str) -> SafeString:
    actor = format_html("<strong>{}</strong>", _name(entry, names))
    # The page is about one download, so its title is left out of the names of its versions.
    target = format_html("<span>{}</span>", entry.target_label.removeprefix(f"{title} "))
    return format_html(
        str(WORDS[entry.action]).replace("%(actor)s", "{actor}").replace("%(target)s", "{target}"),
        actor=actor,
        target=target,
    )


def _name(entry: AuditEntry, names: dict[int, str]) -> str:
    """Return the present name of the user, who may have had another one. Tasks and commands act for the hub."""
    if entry.actor_id is not None:
        return names.get(entry.actor_id, _("a deleted account"))
    return _("The hub") if entry.channel in {Origin.SYSTEM, Origin.CLI} else entry.actor_label


def _details(entry: AuditEntry, names: dict[int, str]) -> str:
    if person := _person(entry):
        flags = entry.changes.get("flags")
        parts = [names.get(person, _("a deleted account"))]
        parts += [TeamMember.labels_of(flags)] if isinstance(flags, list) and flags else []
        return ": ".join(parts)
    form: Any = FORMS.get(entry.target_type) if entry.action.endswith(".update") else None
    labels = [str(field.label) for name, field in form.base_fields.items() if name in entry.changes] if form else []
    return ", ".join(labels)
