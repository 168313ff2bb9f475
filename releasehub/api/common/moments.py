"""Times on the wire: ISO 8601 in UTC."""

from datetime import UTC, datetime

from django.utils.dateparse import parse_date, parse_datetime


def parse_moment(text: str) -> datetime:
    """Return a time, or the beginning of a day. A time without a zone is UTC.

    A space is read as `+`, because an unescaped `+` in a query string arrives as a space.

    Raises:
        ValueError: The text is not an ISO 8601 time. The message is meant for the user.
    """
    try:
        moment = parse_datetime(text.replace(" ", "+") if "T" in text else text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if moment is not None:  # databases support fewer zones than ISO 8601
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("Enter an ISO 8601 time, such as 2026-01-31T12:00:00Z.")


def format_moment(moment: datetime) -> str:
    """Return a time as `2026-01-31T12:00:00Z`, with microseconds unless they are zero."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
