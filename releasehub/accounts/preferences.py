"""The language and the time zone that a user chose, for e-mails and for the browsers in which the user signs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation

from releasehub.accounts.models import User

SIGNED_IN_USER = "releasehub.signed_in_user"  # in `request.META`, for the middleware that sets the cookies


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all time zones. Reading them takes a moment, because they are files."""
    return frozenset(available_timezones())


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the time zone, or None, which stands for UTC, if the name is unknown."""
    return ZoneInfo(name) if name and name in known_zones() else None


def save_preferences(*, user: User, language: str, time_zone: str) -> None:
    """Store what the user chose. An empty value follows the browser, and the site in e-mails."""
    user.language, user.time_zone = language, time_zone
    user.save(update_fields=["language", "time_zone"])


def carry_preferences(request: HttpRequest, user: User) -> None:
    """Remember the user who signed in, so that the response sets the cookies for the preferences of the account."""
    request.META[SIGNED_IN_USER] = user


@contextmanager
def reading_as(user: User | None) -> Iterator[None]:
    """Activate the language and the time zone of a user, or those of the site if the user chose none or is unknown."""
    language = user.language if user and user.language in settings.SITE_LANGUAGES else settings.SITE_LANGUAGES[0]
    with translation.override(language), timezone.override(zone_named(user.time_zone if user else None)):
        yield
