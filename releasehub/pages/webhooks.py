"""Pages for the webhook endpoints of the signed-in user's downloads and organizations, with their delivery logs."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext

from releasehub.core.actor import Actor
from releasehub.core.requests import actor_of
from releasehub.pages.form_pages import (
    account_action,
    account_form,
    account_page,
    form_page,
    run_named_action,
)
from releasehub.pages.parameters import page_of_rows
from releasehub.pages.webhook_forms import EndpointForm, NewEndpointForm
from releasehub.pages.webhook_log import describe_queued, downloads_of
from releasehub.webhooks import endpoint_secrets, endpoint_states, endpoints, replays
from releasehub.webhooks.log import find_endpoint
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.querysets import visible_endpoints


def _replay_failed(actor: Actor, endpoint: Endpoint) -> str:
    return describe_queued(replays.replay_failed(actor=actor, endpoint=endpoint))


def _cancel(actor: Actor, endpoint: Endpoint) -> str:
    count = replays.cancel_pending(actor=actor, endpoint=endpoint)
    text = ngettext("%(counter)s delivery canceled.", "%(counter)s deliveries canceled.", count)
    return text % {"counter": count}


def _test(actor: Actor, endpoint: Endpoint) -> str:
    endpoint_states.send_test_event(actor=actor, endpoint=endpoint)
    return gettext("A test event was queued. It is the first entry in the log.")


def _pause(actor: Actor, endpoint: Endpoint) -> str:
    endpoint_states.pause_endpoint(actor=actor, endpoint=endpoint)
    return gettext("The endpoint was paused. Its deliveries wait until you resume it.")


def _resume(actor: Actor, endpoint: Endpoint) -> str:
    endpoint_states.resume_endpoint(actor=actor, endpoint=endpoint)
    return gettext("The endpoint was resumed. Pending deliveries are sent now.")


ACTIONS: dict[str, Callable[[Actor, Endpoint], str]] = {
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "replay-failed": _replay_failed,
    "cancel": _cancel,
}


@account_page
def index(request: HttpRequest) -> HttpResponse:
    rows = visible_endpoints(actor_of(request)).select_related("organization").order_by("-id")
    page = page_of_rows(request, rows)
    return render(request, "pages/webhooks.html", {"page": page, "downloads": downloads_of(page.object_list)})


@account_form
def new(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    form = NewEndpointForm(request.POST or None, actor=actor, initial={"belongs_to": request.GET.get("for", "")})
    if form.is_valid():
        with form.refusals():
            endpoint, secret = endpoints.create_endpoint(actor=actor, **form.scope(), **form.values())
            return _secret_page(request, endpoint, secret)
    return form_page(request, "pages/webhook_form.html", form)


@account_form
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    initial = EndpointForm.initial_of(endpoint)
    form = EndpointForm(request.POST or None, actor=actor, endpoint=endpoint, initial=initial)
    if form.is_valid():
        with form.refusals():
            endpoints.update_endpoint(actor=actor, endpoint=endpoint, **form.values())
            messages.success(request, gettext("The endpoint was saved."))
            return redirect(endpoint.path)
    return form_page(request, "pages/webhook_form.html", form, endpoint=endpoint)


@account_action
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    run_named_action(request, ACTIONS.get(name), actor, endpoint)
    return redirect(endpoint.path)


@account_form
def rotate(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Ask for confirmation, then rotate the secret. The receivers have to be configured with the new one."""
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    if request.method != "POST":
        return render(request, "pages/webhook_rotate.html", {"endpoint": endpoint})
    secret = endpoint_secrets.rotate_secret(actor=actor, endpoint=endpoint)
    endpoint.refresh_from_db()
    return _secret_page(request, endpoint, secret)


@account_form
def delete(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    endpoint = find_endpoint(actor, public_id)
    if request.method != "POST":
        return render(request, "pages/webhook_delete.html", {"endpoint": endpoint})
    endpoints.delete_endpoint(actor=actor, endpoint=endpoint)
    messages.success(request, gettext("The endpoint was deleted."))
    return redirect("pages:webhooks")


def _secret_page(request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    """Show the secret, which cannot be shown again."""
    response = render(request, "pages/webhook_secret.html", {"endpoint": endpoint, "secret": secret})
    response["Cache-Control"] = "no-store"
    return response
