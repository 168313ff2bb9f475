"""Redirects to the current URL of something that was renamed."""

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import reverse


def renamed_url(request: HttpRequest, slug: str) -> str:
    """Return the path and query string of this request with the new slug. The result never contains a host."""
    match = request.resolver_match
    assert match is not None  # noqa: S101 - the request reached a view
    path = reverse(match.view_name, kwargs={**match.kwargs, "slug": slug})
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def redirect_renamed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Return a 308 redirect that no cache may store.

    The download may take its old slug again, and access to it has to be checked for every request.
    """
    response = HttpResponsePermanentRedirect(renamed_url(request, slug), preserve_request=True)
    response["Cache-Control"] = "no-store"
    return response
