"""Template filters for dates and times, which are shown in the language and the time zone of the visitor."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, npgettext_lazy, pgettext

from releasehub.core import dates

register = template.Library()
# Django's German units are in the wrong case behind "vor".
PAST_UNITS: dict[str, Any] = {
    "year": npgettext_lazy("how long ago", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("how long ago", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("how long ago", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("how long ago", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("how long ago", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("how long ago", "%(num)d minute", "%(num)d minutes", "num"),
}


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """Return a `time` element with the date, such as 3 May 2026."""
    if value is None:
        return ""
    if not isinstance(value, datetime):
        return _element(value.isoformat(), _day_text(value, get_language()))
    return _element(_exact(value), _day_text(timezone.localdate(value), get_language()))


@register.filter
def ago(value: datetime) -> str:
    """Return how long ago a moment was in its largest unit, such as 3 months ago."""
    if timezone.now() - value < timedelta(days=1):
        return str(naturaltime(value))
    delta = timesince(value, timezone.now(), time_strings=PAST_UNITS, depth=1)
    return pgettext("how long ago", "%(delta)s ago") % {"delta": delta}


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Return a `time` element with date, time and time zone, such as 3 May 2026 14:00 UTC."""
    return _element(_exact(value), dates.moment_text(value)) if value is not None else ""


@register.filter
def moment_text(value: datetime | None) -> str:
    """Return date, time and time zone as plain text, for attributes."""
    return dates.moment_text(value) if value is not None else ""


@register.filter
def second(value: datetime | None) -> SafeString | str:
    """Return a `time` element like that of `moment`, with seconds, for logs."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return _element(_exact(value), f"{date_format(local, 'DATE_FORMAT')} {local:%H:%M:%S} {dates.zone_name(local)}")


@lru_cache(maxsize=1000)  # a page has the same few days many times
def _day_text(value: date, language: str | None) -> str:
    """Return a day in the current language, which is a parameter because the text depends on it."""
    return date_format(value, "DATE_FORMAT")


def _exact(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _element(exact: str, shown: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', exact, shown)
