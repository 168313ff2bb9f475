"""The hash chain: which fields it protects, and the one chainer that numbers rows.

Rows are written without a place in the chain, because transactions commit in another order than they start. The chainer
takes whatever has no position yet, in id order, so a row that commits late gets the next position and none is skipped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, models, transaction
from django.utils import timezone

from releasehub.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditTip
from releasehub.audit.signing import chain_keys, is_signed, sign
from releasehub.audit.triggers import FIXED_COLUMNS
from releasehub.core.locks import try_advisory_lock

BATCH_ROWS = 5000
FETCH_ROWS = 500  # at a time in memory: a row's changes may be large
ADVISORY_LOCK = 0x61756469_74636861  # "auditcha"
# What is hashed as it stands. The address is not: its digest is, so that clearing the address breaks nothing.
PROTECTED = FIXED_COLUMNS


class Link(NamedTuple):
    """A place in the chain: rows are numbered from 1 without gaps."""

    position: int
    chain_hash: str


GENESIS = Link(0, "0" * 64)


class NewLink(NamedTuple):
    """What the chainer writes to one row."""

    position: int
    chain_hash: str
    address_digest: str
    address_salt: str
    entry_id: int


def stored_rows() -> models.QuerySet[AuditEntry]:
    """Rows without the append-only queryset: for this package, which changes only what the triggers allow."""
    return models.QuerySet(AuditEntry)


def link_content(previous: str, position: int, protected: Sequence[Any], address_digest: str) -> bytes:
    """Return what the hash of a row covers: the hash before it and the row's canonical JSON.

    Args:
        protected: The row's values in the order of PROTECTED.
    """
    content = dict(zip(PROTECTED, protected, strict=True))
    content["position"], content["address_digest"] = position, address_digest
    return previous.encode() + b"\n" + canonical(content)


def keyed_hash(key: bytes, content: bytes) -> str:
    """Return the HMAC-SHA256 in hex, which nobody can compute from the database alone."""
    return hmac.digest(key, content, hashlib.sha256).hex()


def canonical(content: dict[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers over 64 bits and lone surrogates, which only the slower encoder knows
        return json.dumps(content, sort_keys=True, separators=(",", ":"), default=_plain).encode()


def digest_of_address(address: str | None, salt: str) -> str:
    """SHA-256 in hex over a random salt and the address; "" for none.

    The salt goes when the address goes, so that the digest cannot be guessed back from the few addresses there are.
    """
    return hashlib.sha256(f"{salt}|{address}".encode()).hexdigest() if address is not None else ""


def chain_rows(limit: int = BATCH_ROWS) -> int:
    """Give up to `limit` rows their place; how many. 0 as well while another chainer is at work."""
    if not stored_rows().filter(position=None).exists():
        return 0
    with transaction.atomic():
        if not try_advisory_lock(ADVISORY_LOCK):
            return 0
        rows = stored_rows().filter(position=None).order_by("id").values_list(*PROTECTED, "address")[:limit]
        links = _links(tip(), rows.iterator(FETCH_ROWS))
        _write(links)
        if links:
            _move_tip(links[-1])
    return len(links)


def tip() -> Link:
    """The end of the chain: its last row, or what is known of it when that row is gone.

    A head beyond the last row tells of a cut tail: going on behind it keeps the gap visible for ever.
    """
    known = [first_link(stored_rows().exclude(position=None).order_by("-position")) or GENESIS]
    for model in (AuditCheckpoint, AuditHead, AuditTip):
        newest = model.objects.order_by("-position").first()
        if newest is not None and is_signed(newest):
            known.append(Link(newest.position, newest.chain_hash))
    return max(known, key=lambda link: link.position)


def first_link(rows: models.QuerySet[AuditEntry]) -> Link | None:
    """The place of the first of some chained rows."""
    row = rows.values("position", "chain_hash").first()
    return Link(row["position"] or 0, row["chain_hash"]) if row is not None else None


def _links(link: Link, rows: Iterable[tuple[Any, ...]]) -> list[NewLink]:
    links = []
    key = chain_keys()[0]
    for *protected, address in rows:
        salt = secrets.token_hex(16) if address is not None else ""
        digest = digest_of_address(address, salt)
        content = link_content(link.chain_hash, link.position + 1, protected, digest)
        link = Link(link.position + 1, keyed_hash(key, content))
        links.append(NewLink(*link, digest, salt, protected[0]))
    return links


def _write(links: list[NewLink]) -> None:
    table = connection.ops.quote_name(AuditEntry._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET position = %s, chain_hash = %s, address_digest = %s, address_salt = %s"  # noqa: S608
            " WHERE id = %s AND position IS NULL",
            links,
        )


def _move_tip(end: NewLink) -> None:
    """Rows that are removed behind this place are missed at once, before the next head is exported."""
    now = timezone.now()
    signature = sign(AuditTip.purpose, end.position, end.chain_hash, now)
    values = {"position": end.position, "chain_hash": end.chain_hash, "created_at": now, "signature": signature}
    AuditTip.objects.update_or_create(pk=1, defaults=values)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an audit row")
