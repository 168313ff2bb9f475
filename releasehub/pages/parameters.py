"""Texts in the query string of a page."""

from django.http import HttpRequest

MAX_PARAMETER_CHARACTERS = 256


def parameter_of(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:MAX_PARAMETER_CHARACTERS]
