"""The hash chain over the audit log: which columns it protects, and the task that appends rows to it.

A row is inserted without a position in the chain, because transactions do not commit in the order in which they start.
Later, one worker at a time (the chainer) takes the rows that have no position, in the order of their ids. A row that
commits late gets the next free position, so none is skipped.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from releasehub.audit.links import GENESIS, PROTECTED, Link, NewLink, address_digest_of, keyed_hash, link_content
from releasehub.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditTip
from releasehub.audit.signing import chain_keys, is_signed, sign
from releasehub.core.locks import try_advisory_lock

BATCH_ROWS = 5000
FETCH_ROWS = 500  # rows in memory at a time, because the changes of one row may be large
ADVISORY_LOCK = 0x61756469_74636861  # "auditcha"


def stored_rows() -> models.QuerySet[AuditEntry]:
    """Return all rows in a query set that can update and delete.

    Only this package may use it, for the few changes that the database triggers allow.
    """
    return models.QuerySet(AuditEntry)


def chain_rows(limit: int = BATCH_ROWS) -> int:
    """Append up to `limit` rows to the chain.

    Returns:
        The number of rows. It is 0 as well while another worker holds the lock.
    """
    # This check needs no lock, so that idle workers do not compete for it every few seconds.
    if not stored_rows().filter(position=None).exists():
        return 0
    with transaction.atomic():
        # Two chainers at the same time would give the same position to two rows.
        if not try_advisory_lock(ADVISORY_LOCK):
            return 0
        rows = stored_rows().filter(position=None).order_by("id").values_list(*PROTECTED, "address")[:limit]
        links = _links(tip(), rows.iterator(FETCH_ROWS))
        _write(links)
        if links:
            # In the same transaction: a tip without its rows, or rows without a tip, would look like tampering.
            _move_tip(links[-1])
    return len(links)


def tip() -> Link:
    """Return the end of the chain: its last row, or the position of a signed record beyond that row.

    A record beyond the last row means that rows were removed from the end. Chaining continues after the recorded
    position, so that the gap stays visible forever.
    """
    candidates = [first_link(stored_rows().exclude(position=None).order_by("-position")) or GENESIS]
    for model in (AuditCheckpoint, AuditHead, AuditTip):
        newest = model.objects.order_by("-position").first()
        if newest is not None and is_signed(newest):
            candidates.append(Link(newest.position, newest.chain_hash))
    return max(candidates, key=lambda link: link.position)


def first_link(rows: models.QuerySet[AuditEntry]) -> Link | None:
    """Return the link of the first of the given chained rows, or None if there are none."""
    row = rows.values("position", "chain_hash").first()
    return Link(row["position"] or 0, row["chain_hash"]) if row is not None else None


def _links(link: Link, rows: Iterable[tuple[Any, ...]]) -> list[NewLink]:
    """Compute the new links for rows that follow `link`."""
    links = []
    # Only the current key writes. The others are former keys, which can only verify older rows.
    key = chain_keys()[0]
    for *protected, address in rows:
        salt = secrets.token_hex(16) if address is not None else ""
        digest = address_digest_of(address, salt)
        content = link_content(link.chain_hash, link.position + 1, protected, digest)
        link = Link(link.position + 1, keyed_hash(key, content))
        links.append(NewLink(*link, digest, salt, protected[0]))
    return links


def _write(links: list[NewLink]) -> None:
    # Raw SQL, because `AuditEntry` refuses updates. The condition on `position` agrees with the database triggers,
    # which allow these columns to be set once.
    table = connection.ops.quote_name(AuditEntry._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET position = %s, chain_hash = %s, address_digest = %s, address_salt = %s"  # noqa: S608
            " WHERE id = %s AND position IS NULL",
            links,
        )


def _move_tip(end: NewLink) -> None:
    """Record the new end of the chain, so that removed rows are noticed even before the next head is exported."""
    now = timezone.now()
    signature = sign(AuditTip.purpose, end.position, end.chain_hash, now)
    values = {"position": end.position, "chain_hash": end.chain_hash, "created_at": now, "signature": signature}
    AuditTip.objects.update_or_create(pk=1, defaults=values)
