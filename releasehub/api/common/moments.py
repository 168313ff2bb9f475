"""Times on the wire: ISO 8601, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.dateparse import parse_date, parse_datetime


def parse_moment(text: str) -> datetime:
    """A time, or the beginning of a day; without a zone it is UTC. In a query `+` may have become a space.

    Errors: ValueError with a sentence.
    """
    try:
        moment = parse_datetime(text.replace(" ", "+") if "T" in text else text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if moment is not None:  # databases know fewer zones than ISO 8601
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("This is no ISO 8601 time, such as 2026-01-31T12:00:00Z.")


def shown_moment(moment: datetime) -> str:
    """`2026-01-31T12:00:00Z`, with microseconds where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
