"""Notices about new versions: when each is due, and whether it still makes sense to send it."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from django.db import models
from django.utils import timezone

from files.models import File
from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.accounts.preferences import zone_named
from releasehub.community.models import Watch, WatchNotice
from releasehub.core.actor import Actor
from versions.models import Version
from versions.policies import version_policy

DIGEST_HOUR = 8  # in the time zone of the user
DIGEST_WEEKDAY = 0  # Monday
DAYS_OF_WEEK = 7


def notice_of(watch: Watch, version: Version) -> WatchNotice:
    """Return a new notice, which is due at once or with the next digest of the user."""
    is_digest = watch.mail_frequency.is_digest
    due_at = next_digest_of(watch) if is_digest else timezone.now()
    return WatchNotice(watch=watch, user=watch.user, version=version, is_digest=is_digest, due_at=due_at)


def next_digest_of(watch: Watch) -> datetime:
    return next_digest(watch.mail_frequency, zone_named(watch.user.time_zone) or UTC, timezone.now())


def next_digest(frequency: MailFrequency, zone: tzinfo, after: datetime) -> datetime:
    """Return the first moment after `after` at which a digest of this frequency is due in the time zone."""
    local = after.astimezone(zone)
    day = local.date() + timedelta(days=local.hour >= DIGEST_HOUR)
    if frequency == MailFrequency.WEEKLY:
        day += timedelta(days=(DIGEST_WEEKDAY - day.weekday()) % DAYS_OF_WEEK)
    return datetime.combine(day, time(DIGEST_HOUR), zone)


def due_notices() -> models.QuerySet[WatchNotice]:
    return WatchNotice.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")


def is_welcome(notice: WatchNotice) -> bool:
    """Return whether the user still wants and can get e-mails, and sees the version in lists, which still offer it."""
    version, user = notice.version, notice.user
    is_wanted = notice.watch.mail_frequency != MailFrequency.NONE
    is_offered = version.is_listed and not version.is_yanked
    is_reachable = user.is_active and bool(user.email)
    return is_wanted and is_offered and is_reachable and version_policy.can_view(Actor(user=user), version)


def has_file(notice: WatchNotice) -> bool:
    """Return whether there is something to download: a version may be published before its first file is checked."""
    return File.objects.passed().filter(version=notice.version).exists()
