"""Background tasks of the audit log. Every task is idempotent."""

import time

from celery import shared_task

from releasehub.audit import heads, retention, sinks
from releasehub.audit.chain import chain_rows
from releasehub.core.tasks import hint

CHAIN_SECONDS = 60.0


@shared_task(name="audit.chain")
def chain() -> int:
    """Append all waiting rows to the chain, for at most a minute."""
    deadline = time.monotonic() + CHAIN_SECONDS
    chained = 0
    while (count := chain_rows()) and time.monotonic() < deadline:
        chained += count
    return chained + count


@shared_task(name="audit.export_head")
def export_head() -> int | None:
    """Sign the end of the chain. The task `audit.ship` sends the signed head to the sinks."""
    head = heads.export_head()
    return head.position if head is not None else None


@shared_task(name="audit.ship")
def ship() -> int:
    """Start one task for each sink, so that a slow sink does not delay the others."""
    waiting = sinks.waiting_sinks()
    for sink_id in waiting:
        hint("audit.ship_sink", sink_id)
    return len(waiting)


@shared_task(name="audit.ship_sink")
def ship_sink(sink_id: int) -> int:
    return sinks.ship_sink(sink_id)


@shared_task(name="audit.prune")
def prune() -> dict[str, int]:
    """Clear old IP addresses and delete old rows."""
    return {"addresses": retention.clear_addresses(), "rows": retention.prune()}
