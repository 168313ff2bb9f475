"""Pages for the webhook endpoints of the signed-in user's downloads and organizations, with their delivery logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Invalid, NotFound
from releasehub.core.numbers import read_number
from releasehub.core.requests import actor_of
from releasehub.pages.errors import answers_errors
from releasehub.pages.paging import page_of_rows
from releasehub.pages.webhook_forms import EndpointForm, NewEndpointForm, RangeForm
from releasehub.webhooks import endpoints, replays
from releasehub.webhooks.log import bodies_of, delivery_log, find_delivery, find_endpoint
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import visible_endpoints

DELIVERIES = 25
read_or_write = require_http_methods(["GET", "HEAD", "POST"])


def _replay_failed(actor: Actor, endpoint: Endpoint) -> str:
    return _on_its_way(replays.replay_failed(actor=actor, endpoint=endpoint))


def _cancel(actor: Actor, endpoint: Endpoint) -> str:
    return f"{_deliveries(replays.cancel_pending(actor=actor, endpoint=endpoint))} canceled."


def _test(actor: Actor, endpoint: Endpoint) -> str:
    endpoints.send_test_event(actor=actor, endpoint=endpoint)
    return "A test event was queued. It is the first entry in the log."


def _pause(actor: Actor, endpoint: Endpoint) -> str:
    endpoints.pause_endpoint(actor=actor, endpoint=endpoint)
    return "The endpoint was paused. Its deliveries wait until you resume it."


def _resume(actor: Actor, endpoint: Endpoint) -> str:
    endpoints.resume_endpoint(actor=actor, endpoint=endpoint)
    return "The endpoint was resumed. Pending deliveries are sent now."


ACTIONS: dict[str, Callable[[Actor, Endpoint], str]] = {
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "replay-failed": _replay_failed,
    "cancel": _cancel,
}


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = visible_endpoints(actor_of(request)).select_related("organization").order_by("-id")
    page = page_of_rows(request, rows)
    return render(request, "pages/webhooks.html", {"page": page, "downloads": _downloads(page.object_list)})


@login_required
@read_or_write
@answers_errors
def new(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    form = NewEndpointForm(request.POST or None, actor=actor, initial={"belongs_to": request.GET.get("for", "")})
    if form.is_valid():
        try:
            endpoint, secret = endpoints.create_endpoint(actor=actor, **form.scope(), **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return _secret_page(request, endpoint, secret)
    return _form_page(request, form)


@login_required
@read_or_write
@answers_errors
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    initial = EndpointForm.initial_of(endpoint)
    form = EndpointForm(request.POST or None, actor=actor, endpoint=endpoint, initial=initial)
    if form.is_valid():
        try:
            endpoints.update_endpoint(actor=actor, endpoint=endpoint, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            messages.success(request, "The endpoint was saved.")
            return redirect(endpoint.path)
    return _form_page(request, form, endpoint=endpoint)


@login_required
@require_safe
@answers_errors
def endpoint(request: HttpRequest, public_id: str) -> HttpResponseBase:
    return _endpoint_page(request, find_endpoint(actor_of(request), public_id), RangeForm())


@login_required
@require_POST
@answers_errors
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    if name not in ACTIONS:
        raise NotFound
    try:
        messages.success(request, ACTIONS[name](actor, endpoint))
    except Conflict as error:
        messages.error(request, error.message)
    return redirect(endpoint.path)


@login_required
@require_POST
@answers_errors
def replay(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Replay all deliveries of a range of time."""
    actor = actor_of(request)
    endpoint, form = find_endpoint(actor, public_id), RangeForm(request.POST)
    if not form.is_valid():
        return _endpoint_page(request, endpoint, form, status=400)
    try:
        count = replays.replay_range(actor=actor, endpoint=endpoint, **form.cleaned_data)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _on_its_way(count))
    return redirect(endpoint.path)


@login_required
@read_or_write
@answers_errors
def rotate(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Ask for confirmation, then rotate the secret. The receivers have to be configured with the new one."""
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    if request.method != "POST":
        return render(request, "pages/webhook_rotate.html", {"endpoint": endpoint})
    secret = endpoints.rotate_secret(actor=actor, endpoint=endpoint)
    endpoint.refresh_from_db()
    return _secret_page(request, endpoint, secret)


@login_required
@read_or_write
@answers_errors
def delete(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    if request.method != "POST":
        return render(request, "pages/webhook_delete.html", {"endpoint": endpoint})
    endpoints.delete_endpoint(actor=actor, endpoint=endpoint)
    messages.success(request, "The endpoint was deleted.")
    return redirect("pages:webhooks")


@login_required
@require_safe
@answers_errors
def delivery(request: HttpRequest, public_id: str, webhook_id: str) -> HttpResponseBase:
    endpoint = find_endpoint(actor_of(request), public_id)
    row = find_delivery(endpoint, webhook_id)
    context = {"endpoint": endpoint, "delivery": row, "body": bodies_of([row]).get(row.pk)}
    return render(request, "pages/webhook_delivery.html", context)


@login_required
@require_POST
@answers_errors
def replay_one(request: HttpRequest, public_id: str, webhook_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    row = find_delivery(find_endpoint(actor, public_id), webhook_id)
    try:
        replays.replay_delivery(actor=actor, delivery=row)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The delivery was queued again with the same ID.")
    return redirect("pages:webhook-delivery", public_id=public_id, webhook_id=webhook_id)


def _form_page(request: HttpRequest, form: EndpointForm, **context: Any) -> HttpResponse:
    status = 400 if form.errors else 200
    return render(request, "pages/webhook_form.html", {"form": form, **context}, status=status)


def _secret_page(request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    """Show the secret, which cannot be shown again."""
    response = render(request, "pages/webhook_secret.html", {"endpoint": endpoint, "secret": secret})
    response["Cache-Control"] = "no-store"
    return response


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
        "download": _downloads([endpoint]).get(endpoint.download_id),
        "deliveries": deliveries[:DELIVERIES],
        "before": deliveries[DELIVERIES - 1].pk if len(deliveries) > DELIVERIES else None,
        "is_first": not is_page,
        "state": state,
        "states": Delivery.State.values,
        "form": form,
    }
    return render(request, "pages/webhook.html", context, status=status)


def _downloads(rows: Iterable[Endpoint]) -> dict[int | None, Download]:
    """Return the downloads of the endpoints by ID, with one query."""
    return dict(Download.all_objects.in_bulk({row.download_id for row in rows if row.download_id is not None}))


def _on_its_way(count: int) -> str:
    return f"{_deliveries(count)} queued again." if count else "There are no deliveries to retry."


def _deliveries(count: int) -> str:
    return f"{count} {'delivery' if count == 1 else 'deliveries'}"
