"""The language and the time zone of a visitor: those that were chosen here, or else those of the browser."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation.trans_real import parse_accept_lang_header

from releasehub.accounts.preferences import SIGNED_IN_USER, zone_named

LANGUAGE_PARAMETER = "lang"


def language_of(request: HttpRequest) -> str:
    """Return the language of the URL, of the cookie or of the browser, or else the first language of the site."""
    languages: list[str] = settings.SITE_LANGUAGES
    for code in (requested_language(request), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if code in languages:
            return code
    for code, _ in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        if (main := code.partition("-")[0]) in languages:
            return main
    return languages[0]


def requested_language(request: HttpRequest) -> str | None:
    """Return the language that the URL names, which the links of the footer and of search engines have."""
    code = request.GET.get(LANGUAGE_PARAMETER)
    return code if code in settings.SITE_LANGUAGES else None


def remember_preferences(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookies for the language that the URL names, and for what a user who has just signed in prefers."""
    code = requested_language(request)
    if code and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != code:
        set_preference(response, settings.LANGUAGE_COOKIE_NAME, code)
    if user := request.META.get(SIGNED_IN_USER):
        set_preferences(response, user.language, user.time_zone)


def set_preferences(response: HttpResponseBase, language: str, time_zone: str) -> None:
    """Set the cookies of this browser to the preferences of an account. Empty preferences change nothing."""
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), (settings.ZONE_COOKIE_NAME, time_zone)):
        if value:
            set_preference(response, name, value)


def set_preference(response: HttpResponseBase, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the chosen time zone or that of the browser, or None for UTC."""
    cookies = request.COOKIES
    return zone_named(cookies.get(settings.ZONE_COOKIE_NAME)) or zone_named(
        cookies.get(settings.BROWSER_ZONE_COOKIE_NAME)
    )
