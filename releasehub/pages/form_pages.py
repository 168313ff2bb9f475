"""Pages of signed-in users, pages with a form that shows the errors of a service, and buttons that act on one row."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, NotFound
from releasehub.pages.errors import show_refusal
from releasehub.pages.forms import ServiceForm

View = Callable[..., HttpResponseBase]
Decorator = Callable[[View], View]
require_form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _for_accounts(accept: Decorator) -> Decorator:
    """Return the decorator of views for signed-in users, with the methods that `accept` allows."""
    return lambda view: login_required(accept(view))


account_page = _for_accounts(require_safe)
account_form = _for_accounts(require_form_methods)
account_action = _for_accounts(require_POST)


def form_page(request: HttpRequest, template: str, form: BaseForm, **context: Any) -> HttpResponse:
    """Show the form. The status says whether it has errors, and `Retry-After` how long a rate limit lasts."""
    wait_seconds = form.wait_seconds if isinstance(form, ServiceForm) else 0
    status = 429 if wait_seconds else 400 if form.errors else 200
    response = render(request, template, context | {"form": form}, status=status)
    if wait_seconds:
        response["Retry-After"] = str(wait_seconds)
    return response


Row = TypeVar("Row")


def run_named_action(request: HttpRequest, action: Callable[[Actor, Row], str] | None, actor: Actor, row: Row) -> None:
    """Run the action, and show its message or the reason why the state of the row does not allow it."""
    if action is None:
        raise NotFound
    try:
        messages.success(request, action(actor, row))
    except Conflict as error:
        show_refusal(request, error)
