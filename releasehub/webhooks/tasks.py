"""Background work on webhooks. Every task may run twice, and beside itself."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from releasehub.core.tasks import hint
from releasehub.webhooks import notices, stream
from releasehub.webhooks.claims import is_anything_due
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.endpoints import disable_abandoned, disable_failing
from releasehub.webhooks.fanout import DELIVER
from releasehub.webhooks.pruning import prune_deliveries


@shared_task(name=DELIVER)
def deliver() -> int:
    """Send what is due; the sweep finds what is left."""
    return deliver_batch()


@worker_ready.connect(dispatch_uid="webhooks.deliver")
def look_at_once(**_: Any) -> None:
    """What a worker that died left behind need not wait for the schedule."""
    hint(DELIVER)


@shared_task(name="webhooks.sweep")
def sweep() -> int:
    """Disable endpoints that failed for too long or were abandoned, and wake a worker for deliveries left behind."""
    disabled = disable_failing() + disable_abandoned()
    if is_anything_due():
        hint(DELIVER)
    if notices.is_any_due():
        hint(notices.SEND)
    return disabled


@shared_task(name=notices.SEND)
def send_notices() -> int:
    """Tell owners what was disabled."""
    return notices.send_notices()


@shared_task(name="webhooks.number_events")
def number_events() -> int:
    """Give events their places in the stream, so that its first reader does not have to."""
    return stream.number_events()


@shared_task(name="webhooks.prune")
def prune() -> int:
    """Erase old deliveries."""
    return prune_deliveries()
