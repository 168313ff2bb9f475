"""The state of the audit log for the dashboard, from a few cheap queries. `verification.py` proves the whole chain."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from releasehub.audit.heads import is_in_chain, newest_head
from releasehub.audit.models import AuditEntry


@dataclass(frozen=True)
class ChainState:
    """The end of the chain.

    Attributes:
        waiting_since: The time of the oldest of them.
        signed_at: When the end of the chain was last signed; None before the first time.
        is_intact: Whether the chain still contains the signed row.
    """

    waiting: int
    waiting_since: datetime | None
    signed_at: datetime | None
    position: int
    is_intact: bool


def chain_state() -> ChainState:
    """Return the state. It takes a few indexed queries, however long the log is."""
    unchained = AuditEntry.objects.filter(position=None).aggregate(number=Count("pk"), oldest=Min("created_at"))
    head = newest_head()
    return ChainState(
        waiting=unchained["number"],
        waiting_since=unchained["oldest"],
        signed_at=head.created_at if head else None,
        position=head.position if head else 0,
        is_intact=head is None or is_in_chain(head),
    )
