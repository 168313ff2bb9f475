"""Pages of one webhook endpoint: its delivery log, single deliveries and their replay."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext

from downloads.models import Download
from releasehub.core.errors import Conflict
from releasehub.core.numbers import read_number
from releasehub.core.requests import actor_of
from releasehub.pages.errors import show_refusal
from releasehub.pages.form_pages import account_action, account_page
from releasehub.pages.webhook_forms import RangeForm
from releasehub.webhooks import replays
from releasehub.webhooks.log import bodies_of, delivery_log, find_delivery, find_endpoint
from releasehub.webhooks.models import Delivery, Endpoint

DELIVERIES = 25


@account_page
def endpoint(request: HttpRequest, public_id: str) -> HttpResponseBase:
    return _endpoint_page(request, find_endpoint(actor_of(request), public_id), RangeForm())


@account_action
def replay(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Replay all deliveries of a range of time."""
    actor = actor_of(request)
    endpoint, form = find_endpoint(actor, public_id), RangeForm(request.POST)
    if not form.is_valid():
        return _endpoint_page(request, endpoint, form, status=400)
    try:
        count = replays.replay_range(actor=actor, endpoint=endpoint, **form.cleaned_data)
    except Conflict as error:
        show_refusal(request, error)
    else:
        messages.success(request, describe_queued(count))
    return redirect(endpoint.path)


@account_page
def delivery(request: HttpRequest, public_id: str, webhook_id: str) -> HttpResponseBase:
    endpoint = find_endpoint(actor_of(request), public_id)
    row = find_delivery(endpoint, webhook_id)
    context = {"endpoint": endpoint, "delivery": row, "body": bodies_of([row]).get(row.pk)}
    return render(request, "pages/webhook_delivery.html", context)


@account_action
def replay_one(request: HttpRequest, public_id: str, webhook_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    row = find_delivery(find_endpoint(actor, public_id), webhook_id)
    try:
        replays.replay_delivery(actor=actor, delivery=row)
    except Conflict as error:
        show_refusal(request, error)
    else:
        messages.success(request, gettext("The delivery was queued again with the same ID."))
    return redirect("pages:webhook-delivery", public_id=public_id, webhook_id=webhook_id)


def _endpoint_page(request: HttpRequest, endpoint: Endpoint, form: RangeForm, status: int = 200) -> HttpResponse:
    """Show an endpoint with its delivery log.

    A page of the log continues after the last delivery of the previous page, instead of skipping a number of rows, so
    a page late in a long log is as fast as the first one.
    """
    state = request.GET.get("state", "")
    state = state if state in Delivery.State.values else ""
    before = request.GET.get("before", "")
    rows = delivery_log(endpoint, state=state)
    if is_page := (number := read_number(before)) is not None:
        rows = rows.filter(pk__lt=number)
    deliveries = list(rows[: DELIVERIES + 1])
    context = {
        "endpoint": endpoint,
        "download": downloads_of([endpoint]).get(endpoint.download_id),
        "deliveries": deliveries[:DELIVERIES],
        "before": deliveries[DELIVERIES - 1].pk if len(deliveries) > DELIVERIES else None,
        "is_first": not is_page,
        "state": state,
        "states": Delivery.State.choices,
        "form": form,
    }
    return render(request, "pages/webhook.html", context, status=status)


def downloads_of(rows: Iterable[Endpoint]) -> dict[int | None, Download]:
    """Return the downloads of the endpoints by ID, with one query."""
    return dict(Download.all_objects.in_bulk({row.download_id for row in rows if row.download_id is not None}))


def describe_queued(count: int) -> str:
    if not count:
        return gettext("There are no deliveries to retry.")
    text = ngettext("%(counter)s delivery queued again.", "%(counter)s deliveries queued again.", count)
    return text % {"counter": count}
