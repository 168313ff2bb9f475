"""Background tasks of watches. Every task may run twice."""

from celery import shared_task

from releasehub.community import watch_mail
from releasehub.community.announcing import announce_versions
from releasehub.community.digest_mail import queue_digests
from releasehub.core.tasks import hint


@shared_task(name="community.announce_versions")
def notify_watchers() -> int:
    """Find the users to notify of new versions, and have the due e-mails sent."""
    version_count = announce_versions()
    if watch_mail.has_due_notices():
        hint(watch_mail.SEND_TASK)
    return version_count


@shared_task(name="community.queue_digests")
def queue_watch_digests() -> int:
    return queue_digests()


@shared_task(name=watch_mail.SEND_TASK)
def send_watch_notices() -> int:
    return watch_mail.send_notices()
