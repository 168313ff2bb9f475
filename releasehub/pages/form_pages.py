"""The methods that pages with a form accept, and the response that shows the errors of a service."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from releasehub.pages.forms import ServiceForm

require_form_methods = require_http_methods(["GET", "HEAD", "POST"])


def form_page(request: HttpRequest, template: str, form: BaseForm, **context: Any) -> HttpResponse:
    """Show the form. The status says whether it has errors, and `Retry-After` how long a rate limit lasts."""
    wait_seconds = form.wait_seconds if isinstance(form, ServiceForm) else 0
    status = 429 if wait_seconds else 400 if form.errors else 200
    response = render(request, template, context | {"form": form}, status=status)
    if wait_seconds:
        response["Retry-After"] = str(wait_seconds)
    return response
