"""Background tasks of webhooks. Every task is idempotent, and can run several times concurrently."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from releasehub.core.tasks import hint
from releasehub.webhooks import notices, stream
from releasehub.webhooks.claims import has_due_deliveries
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.disabling import disable_abandoned, disable_failing
from releasehub.webhooks.event_retention import prune_events
from releasehub.webhooks.fanout import DELIVER_TASK
from releasehub.webhooks.pruning import prune_deliveries


@shared_task(name=DELIVER_TASK)
def deliver() -> int:
    """Send due deliveries. If this task dies, `webhooks.sweep` starts another one."""
    return deliver_batch()


@worker_ready.connect(dispatch_uid="webhooks.deliver")
def deliver_at_start(**_: Any) -> None:
    """Deliver at once what a worker that died has left behind, instead of waiting for the schedule."""
    hint(DELIVER_TASK)


@shared_task(name="webhooks.sweep")
def sweep() -> int:
    """Disable endpoints that fail or are abandoned, and start the tasks that have work left."""
    disabled = disable_failing() + disable_abandoned()
    if has_due_deliveries():
        hint(DELIVER_TASK)
    if notices.has_due_notices():
        hint(notices.SEND_TASK)
    return disabled


@shared_task(name=notices.SEND_TASK)
def send_notices() -> int:
    return notices.send_notices()


@shared_task(name="webhooks.number_events")
def number_events() -> int:
    """Assign positions in the stream to new events, so that the first client that reads them does not have to wait."""
    return stream.number_events()


@shared_task(name="webhooks.prune")
def prune() -> int:
    """Delete old deliveries, and then old events, which are kept while they have deliveries."""
    return prune_deliveries() + prune_events()
