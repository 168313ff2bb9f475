"""Template tags for the languages of the site: the switch in the footer, and the links for search engines."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.http import escape_leading_slashes
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
    request, languages = context["request"], _languages(context["request"])
    # Only here, because the page about an invalid host has a switch too.
    for language in languages:
        language["absolute_url"] = request.build_absolute_uri(language["url"])
    return {"languages": languages, "default_url": request.build_absolute_uri(_url(request, None))}


def _languages(request: HttpRequest) -> list[dict[str, str]]:
    if len(settings.SITE_LANGUAGES) < 2 or request.method not in {"GET", "HEAD"}:
        return []
    return [
        {
            "code": code,
            "name": str(get_language_info(code)["name_local"]),
            "url": _url(request, code),
        }
        for code in settings.SITE_LANGUAGES
    ]


def _url(request: HttpRequest, code: str | None) -> str:
    """Return the URL of the current page in a language, or without a language. Two slashes would name another host."""
    query = request.GET.copy()
    query.pop(LANGUAGE_PARAMETER, None)
    if code:
        query[LANGUAGE_PARAMETER] = code
    return escape_leading_slashes(f"{request.path}?{query.urlencode()}".rstrip("?"))
