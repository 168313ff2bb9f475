"""Background work on the audit log. Every task may run twice."""

import time

from celery import shared_task

from releasehub.audit import heads, retention, sinks
from releasehub.audit.chain import chain_rows
from releasehub.core.tasks import hint

CHAIN_SECONDS = 60.0


@shared_task(name="audit.chain")
def chain() -> int:
    """Give every waiting row its place in the chain, for at most a minute."""
    until = time.monotonic() + CHAIN_SECONDS
    chained = 0
    while (count := chain_rows()) and time.monotonic() < until:
        chained += count
    return chained + count


@shared_task(name="audit.export_head")
def export_head() -> int | None:
    """Sign the chain's end; the sinks get it after the rows before it."""
    head = heads.export_head()
    return head.position if head is not None else None


@shared_task(name="audit.ship")
def ship() -> int:
    """Ask for one task per sink, so that a slow sink holds up none of the others."""
    waiting = sinks.waiting_sinks()
    for sink_id in waiting:
        hint("audit.ship_sink", sink_id)
    return len(waiting)


@shared_task(name="audit.ship_sink")
def ship_sink(sink_id: int) -> int:
    """Ship to one sink what it has not had."""
    return sinks.ship_sink(sink_id)


@shared_task(name="audit.prune")
def prune() -> dict[str, int]:
    """Forget old addresses, remove old rows."""
    return {"addresses": retention.clear_addresses(), "rows": retention.prune()}
