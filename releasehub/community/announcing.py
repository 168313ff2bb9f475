"""Find the users to notify of new versions, by following the event stream.

Publishing a version costs nothing for this: a scheduled task reads the events since its last run.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.community.models import Watch, WatchCursor, WatchNotice
from releasehub.community.notices import notice_of
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Event
from releasehub.webhooks.stream import last_position, number_events
from versions.models import Version

BATCH_EVENTS = 100
BATCH_ROWS = 500
NEW_WITHIN = timedelta(days=2)
RETENTION = timedelta(days=30)


def announce_versions() -> int:
    """Store a notice for each user who watches a version that was published since the last run.

    Without a mail server nothing is stored, so that a server that is set up later does not send old news.

    Returns:
        The number of versions.
    """
    number_events()
    WatchNotice.objects.filter(due_at=None, created_at__lt=timezone.now() - RETENTION).delete()
    return sum(iter(_announce_batch, 0))


def read_position() -> int | None:
    """Return the position up to which published versions were announced, or None before the first run."""
    return WatchCursor.objects.filter(pk=1).values_list("position", flat=True).first()


@transaction.atomic
def _announce_batch() -> int:
    """Handle the next published versions, and move the cursor behind them. Two workers wait for each other."""
    last = last_position()
    WatchCursor.objects.get_or_create(pk=1, defaults={"position": last})
    cursor = WatchCursor.objects.select_for_update().get(pk=1)
    rows = Event.objects.filter(type=EventType.VERSION_PUBLISHED, position__gt=cursor.position, position__lte=last)
    events = list(rows.order_by("position").only("object_id", "actor_id", "position")[:BATCH_EVENTS])
    if settings.EMAIL_HOST:
        for event in events:
            _store_notices(event)
    is_full = len(events) == BATCH_EVENTS
    reached = events[-1].position if is_full else last
    cursor.position = max(reached or 0, cursor.position)
    cursor.save(update_fields=["position"])
    return len(events)


def _store_notices(event: Event) -> None:
    """Store the notices about one version. A version that was published long ago and is published again is skipped."""
    version = Version.objects.select_related("download__category").filter(pk=event.object_id).first()
    if version is None or version.published_at is None or version.published_at < timezone.now() - NEW_WITHIN:
        return
    download = version.download
    is_watching = Q(download=download) | Q(category__in=[category.pk for category in download.category.trail()])
    watches = Watch.objects.filter(is_watching, user__is_active=True).exclude(user__email="")
    # A user who watches the download and its category gets one e-mail, as often as the watch of the download says.
    watches = watches.exclude(user=event.actor_id).order_by(F("download").asc(nulls_first=True))
    reasons = {watch.user_id: watch for watch in watches.select_related("user")}
    wanted = [watch for watch in reasons.values() if watch.mail_frequency != MailFrequency.NONE]
    notices = [notice_of(watch, version) for watch in wanted]
    WatchNotice.objects.bulk_create(notices, batch_size=BATCH_ROWS, ignore_conflicts=True)
