"""Template tags for the languages of the site: the switch in the footer, and the links for search engines."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_info

from releasehub.pages.preferences import LANGUAGE_PARAMETER

register = template.Library()


@register.inclusion_tag("pages/parts/languages.html", takes_context=True)
def language_switch(context: dict[str, Any]) -> dict[str, Any]:
    """Show the languages in their own names. Responses to forms have no switch, because a link would lose the form."""
    return {"languages": _languages(context["request"]), "current": get_language()}


@register.inclusion_tag("pages/parts/alternates.html", takes_context=True)
def language_alternates(context: dict[str, Any]) -> dict[str, Any]:
    """Tell search engines the URLs of a page in all languages."""
    request = context["request"]
    return {"languages": _languages(request), "default_url": request.build_absolute_uri(_url(request, None))}


def _languages(request: HttpRequest) -> list[dict[str, str]]:
    if len(settings.SITE_LANGUAGES) < 2 or request.method not in {"GET", "HEAD"}:
        return []
    return [
        {
            "code": code,
            "name": str(get_language_info(code)["name_local"]),
            "url": _url(request, code),
            "absolute_url": request.build_absolute_uri(_url(request, code)),
        }
        for code in settings.SITE_LANGUAGES
    ]


def _url(request: HttpRequest, code: str | None) -> str:
    """Return the URL of the current page in a language, or without a language."""
    query = request.GET.copy()
    query.pop(LANGUAGE_PARAMETER, None)
    if code:
        query[LANGUAGE_PARAMETER] = code
    return f"{request.path}?{query.urlencode()}".rstrip("?")
