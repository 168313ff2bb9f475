"""Change the state of versions on the author's desk: one with its options, or several at once."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.domain_messages import translated
from releasehub.core.errors import Conflict, Denied, DomainError, Invalid, NotFound
from releasehub.core.requests import actor_of
from releasehub.pages.desk.lookup import find_download, find_version
from releasehub.pages.errors import show_refusal
from releasehub.pages.form_pages import account_action
from releasehub.publishing.first_release import publish_with_page
from releasehub.publishing.lifecycle import move, offered_moves
from releasehub.publishing.transitions import Move
from versions.models import Version

MAX_AT_ONCE = 100


@dataclass(frozen=True)
class Action:
    """A button of the page. `wants_reason` asks for a text, which people see; `is_dangerous` colors the button."""

    name: str
    move: Move
    label: Any
    done: Any
    wants_reason: bool = False
    is_dangerous: bool = False
    wants_time: bool = False


ACTIONS = (
    Action("publish", Move.PUBLISH, gettext_lazy("Publish now"), gettext_lazy("The version was published.")),
    Action(
        "schedule",
        Move.SCHEDULE,
        gettext_lazy("Schedule"),
        gettext_lazy("The version was scheduled."),
        wants_time=True,
    ),
    Action("unarchive", Move.UNARCHIVE, gettext_lazy("Unarchive"), gettext_lazy("The version is offered again.")),
    Action("unyank", Move.UNYANK, gettext_lazy("Unyank"), gettext_lazy("The version is no longer yanked.")),
    Action("restore", Move.RESTORE, gettext_lazy("Restore"), gettext_lazy("The version was restored.")),
    Action("archive", Move.ARCHIVE, gettext_lazy("Archive"), gettext_lazy("The version was archived.")),
    Action("unpublish", Move.UNPUBLISH, gettext_lazy("Back to draft"), gettext_lazy("The version is a draft again.")),
    Action(
        "mark-security",
        Move.MARK_SECURITY,
        gettext_lazy("Mark as a security release"),
        gettext_lazy("The version is marked as a security release. Clients with a cooldown are offered it at once."),
    ),
    Action(
        "unmark-security",
        Move.UNMARK_SECURITY,
        gettext_lazy("Remove the security mark"),
        gettext_lazy("The version is no longer marked as a security release."),
    ),
    Action(
        "yank",
        Move.YANK,
        gettext_lazy("Yank"),
        gettext_lazy("The version was yanked. Its links keep working, with a warning."),
        wants_reason=True,
        is_dangerous=True,
    ),
    Action(
        "delete",
        Move.DELETE,
        gettext_lazy("Delete"),
        gettext_lazy("The version was deleted. You can restore it until it is deleted permanently."),
        wants_reason=True,
        is_dangerous=True,
    ),
)
BY_NAME = {action.name: action for action in ACTIONS}
BULK_MOVES = [BY_NAME[name] for name in ("publish", "archive", "unarchive", "unpublish", "yank", "delete", "restore")]


class OptionsForm(forms.Form):
    """The options of an action. The service checks whether they fit."""

    reason = forms.CharField(max_length=500, required=False)
    publish_at = forms.DateTimeField(required=False)


def offered_actions(actor: Actor, version: Version) -> list[Action]:
    """Return the actions that the actor may take on the version in its state."""
    offered = set(offered_moves(actor, version))
    if Move.UNARCHIVE in offered:
        offered.discard(Move.PUBLISH)  # publishing an archived version means the same
    return [action for action in ACTIONS if action.move in offered]


@account_action
def move_one(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    actor = actor_of(request)
    version = find_version(actor, public_id)
    if name not in BY_NAME:
        raise NotFound
    form = OptionsForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, _("Enter a date and time such as 2026-12-31 18:00, and a reason of at most 500 characters.")
        )
    else:
        try:
            changed = _move(actor, version, BY_NAME[name], **form.cleaned_data)
        except (Conflict, Denied, Invalid) as error:
            show_refusal(request, error)
        else:
            messages.success(request, _describe(changed, BY_NAME[name]))
    return redirect("pages:desk-version", public_id)


@account_action
def move_several(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Move each selected version by itself, and say which of them could not be moved, and why."""
    actor = actor_of(request)
    download = find_download(actor, public_id)
    action = BY_NAME.get(request.POST.get("move", ""))
    if action not in BULK_MOVES:
        raise NotFound
    selected = request.POST.getlist("version")[:MAX_AT_ONCE]
    rows = Version.all_objects.select_related("download__category").filter(download=download, public_id__in=selected)
    moved = 0
    for version in rows:
        try:
            _move(actor, version, action, reason=request.POST.get("reason", ""))
            moved += 1
        except DomainError as error:
            messages.error(request, f"{version.number}: {translated(error.message)}")
    if moved:
        text = ngettext("%(count)d version was changed.", "%(count)d versions were changed.", moved)
        messages.success(request, text % {"count": moved})
    elif not selected:
        messages.error(request, _("Select at least one version."))
    return redirect("pages:desk-download", public_id)


def _move(actor: Actor, version: Version, action: Action, **options: Any) -> Version:
    download = version.download
    is_hidden = action.move == Move.PUBLISH and download.state == Download.State.DRAFT
    if is_hidden and download_policy.allows("edit", actor, download):
        return publish_with_page(actor=actor, version=version)
    options = {name: value for name, value in options.items() if value}
    return move(action.move, actor=actor, version=version, **options)


def _describe(version: Version, action: Action) -> str:
    if version.state == Version.State.PENDING and action.move in {Move.PUBLISH, Move.SCHEDULE}:
        return _("A moderator has to approve the version. It appears on the site after that.")
    return str(action.done)
