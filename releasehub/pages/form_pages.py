"""The response of a page with a form whose errors come from a service."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from releasehub.pages.forms import ServiceForm


def form_page(request: HttpRequest, template: str, form: ServiceForm, **context: Any) -> HttpResponse:
    """Show the form. The status says whether it has errors, and `Retry-After` how long a rate limit lasts."""
    status = 429 if form.wait_seconds else 400 if form.errors else 200
    response = render(request, template, context | {"form": form}, status=status)
    if form.wait_seconds:
        response["Retry-After"] = str(form.wait_seconds)
    return response
