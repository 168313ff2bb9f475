"""The view of the moderation queue."""

from functools import partial
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from downloads.policies import download_policy
from releasehub.accounts.models import User
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.moderation.forms import QueueFilterForm, QueueRequest, Row, read_request
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.policy_admin import each_row
from releasehub.core.actor import Actor
from releasehub.core.pagination import BoundedPaginator
from releasehub.moderation.assignments import assign, moderators
from releasehub.moderation.decisions import decide
from releasehub.moderation.kinds import WAITING
from releasehub.moderation.models import MAX_NOTE_CHARACTERS
from releasehub.moderation.queue import waiting_rows
from releasehub.moderation.rows import load_items

ROWS_PER_PAGE = 20
SELECTED = "selected"  # the query parameter with the rows whose checkboxes are set
DONE = {"approve": "approved", "reject": "rejected", "assign": "assigned"}


def may_moderate(request: HttpRequest) -> bool:
    return download_policy.is_moderator(admin_actor(request))


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """Show a page of the queue, or carry out a decision and return to the same page."""
    if not may_moderate(request):
        raise PermissionDenied
    actor = admin_actor(request)
    if request.method == "POST":
        query = request.GET.copy()
        query.setlist(SELECTED, [f"{kind}-{pk}" for kind, pk, _ in _carry_out(request, actor)])
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
    people = list(moderators())
    form = QueueFilterForm(request.GET, people=people)
    criteria = form.criteria(cast("User", request.user))
    page = BoundedPaginator(waiting_rows(actor, criteria), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return admin_page(
        request,
        "moderation/queue",
        "Moderation",
        form=form,
        is_filtered=any(request.GET.get(name) for name in form.fields),
        page=page,
        selected=request.GET.getlist(SELECTED),
        items=load_items(page.object_list),
        people=people,
        max_note_characters=MAX_NOTE_CHARACTERS,
    )


def _carry_out(request: HttpRequest, actor: Actor) -> list[Row]:
    """Run the action on each row separately, show what was done, and return the rows that stay selected."""
    wanted = read_request(request.POST)
    if wanted is None or not wanted.rows:
        messages.warning(request, "Nothing was selected. Select at least one row.")
        return []
    return each_row(request, wanted.rows, partial(_act, actor, wanted), DONE[wanted.action], _name_of)


def _name_of(row: Row) -> str:
    """Return the name that the queue shows, or the kind and the number of a row that no longer waits."""
    kind, pk, _ = row
    return str(WAITING[kind].load([pk]).get(pk, f"{kind.label} {pk}"))


def _act(actor: Actor, wanted: QueueRequest, row: Row) -> None:
    kind, pk, seen = row
    if wanted.action == "assign":
        assign(actor=actor, kind=kind, object_id=pk, assignee=wanted.assignee)
        return
    is_approval = wanted.action == "approve"
    decide(actor=actor, kind=kind, object_id=pk, is_approval=is_approval, note=wanted.note, seen=seen)
