"""Rows of the audit log and of the event stream for seeded versions."""

from django.utils import timezone

from bench.copying import column_values, insert_from
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Event

LOG = (AuditEntry, Event)
VERSIONS = "versions_version ORDER BY id DESC"  # the last ones are the oldest


def fill_log(owner: User) -> None:
    """Insert an audit row and an event for each version.

    The hashes of the chain are not valid, and the snapshots are shorter than real ones, which have about 2 KiB: lists
    and searches read neither.
    """
    offset = AuditEntry.objects.count()
    entry = AuditEntry(
        actor_id=owner.pk,
        actor_label="owner",
        channel="mc-dm",
        target_type="version",
    )
    rank = "row_number() OVER (ORDER BY id DESC)"
    columns = {
        "created_at": "created_at",
        "target_id": "id",
        "target_label": "'Benchmark ' || download_id || ' ' || number",
        "download_id": "download_id",
        "position": f"{offset} + {rank}",
        "chain_hash": "md5(id::text) || md5(id::text)",
        "request_id": "md5(id::text)",
    }
    insert_from(AuditEntry, columns, column_values(entry) | {"changes": "{}"}, VERSIONS)
    event = Event(type=EventType.VERSION_CREATED, object_type="version", actor_id=owner.pk, data={}, sequence=1)
    columns = {
        "public_id": "'e' || lpad(id::text, 23, '0')",
        "object_id": "id",
        "download_id": "download_id",
        "position": rank,
        "occurred_at": "created_at",
        "data": "jsonb_build_object('id', id, 'number', number)",
    }
    insert_from(Event, columns, column_values(event) | {"occurred_at": timezone.now()}, VERSIONS)
