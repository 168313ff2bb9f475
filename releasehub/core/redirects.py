"""Redirects to the present address of something that was renamed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import reverse


def renamed_url(request: HttpRequest, slug: str) -> str:
    """Return this request's path and query string with another slug in its route. It never leads to another host."""
    match = request.resolver_match
    assert match is not None  # noqa: S101 - the request reached a view
    path = reverse(match.view_name, kwargs={**match.kwargs, "slug": slug})
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def redirect_renamed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Answer 308, not stored by caches: the download may take its old slug again, and access is judged anew."""
    response = HttpResponsePermanentRedirect(renamed_url(request, slug), preserve_request=True)
    response["Cache-Control"] = "no-store"
    return response
