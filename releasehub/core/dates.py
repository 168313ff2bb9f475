"""Dates and times as text, in the active language and time zone."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def moment_text(value: datetime) -> str:
    """Return date, time and time zone, such as 3 May 2026 14:00 UTC."""
    local = timezone.localtime(value)
    return f"{date_format(local, 'DATETIME_FORMAT')} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """Return the abbreviation of the time zone, such as CET. Some zones have only an offset, such as -03."""
    name = local.tzname() or ""
    return f"UTC{name}" if name.startswith(("+", "-")) else name
