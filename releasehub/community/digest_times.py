"""The times at which digests are due."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from releasehub.accounts.mail_frequency import MailFrequency

DIGEST_HOUR = 8  # in the time zone of the user
DIGEST_WEEKDAY = 0  # Monday
DAYS_OF_WEEK = 7


def next_digest(frequency: MailFrequency, zone: tzinfo, after: datetime) -> datetime:
    """Return the first moment after `after` at which a digest of this frequency is due in the time zone."""
    local = after.astimezone(zone)
    day = local.date() + timedelta(days=local.hour >= DIGEST_HOUR)
    if frequency == MailFrequency.WEEKLY:
        day += timedelta(days=(DIGEST_WEEKDAY - day.weekday()) % DAYS_OF_WEEK)
    return datetime.combine(day, time(DIGEST_HOUR), zone)
