"""Proving the log: recompute the chain from the last checkpoint and name the first row that does not fit."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from releasehub.audit.chain import (
    FETCH_ROWS,
    GENESIS,
    PROTECTED,
    Link,
    digest_of_address,
    first_link,
    keyed_hash,
    link_content,
    stored_rows,
)
from releasehub.audit.models import AuditCheckpoint, AuditHead, AuditKeyEpoch, AuditTip
from releasehub.audit.signing import SignedPlace, chain_keys, is_signed

OTHER_HEAD = "The exported head there is another one, or is not signed by this hub."


@dataclass(frozen=True)
class Finding:
    """The first bad place, and what is wrong there in words."""

    position: int
    problem: str
    entry_id: int | None = None


@dataclass(frozen=True)
class Verdict:
    """`head`: the last good place. `waiting`: rows the chainer has not reached, which nothing proves yet."""

    checked: int
    head: Link
    waiting: int
    finding: Finding | None


def verify(start: int | None = None, exported: Iterable[SignedPlace] = ()) -> Verdict:
    """Check from the last checkpoint, or from position `start` on, trusting the stored hash before it. Reads only.

    `exported`: heads kept outside the database, beside those in it.
    """
    kept = tuple(exported)
    while True:
        checkpoint = _newest_checkpoint()
        verdict = _verify(start, checkpoint, kept)
        # Pruning beside us takes rows away and leaves a newer checkpoint: that is no finding.
        if verdict.finding is None or _newest_checkpoint() == checkpoint:
            return verdict


def _verify(start: int | None, checkpoint: AuditCheckpoint | None, exported: tuple[SignedPlace, ...]) -> Verdict:
    if checkpoint is not None and not is_signed(checkpoint):
        return _bad(GENESIS, checkpoint.position, "The checkpoint there is not signed by this hub.")
    origin = Link(checkpoint.position, checkpoint.chain_hash) if checkpoint is not None else GENESIS
    before = _link_before(start, origin)
    if before is None:
        return _bad(origin, (start or 1) - 1, "There is no row to start from.")
    epoch = AuditKeyEpoch.objects.order_by("-position").first()
    places: list[SignedPlace] = [*AuditHead.objects.filter(position__gte=before.position), *exported]
    places += [place for place in (epoch, AuditTip.objects.first()) if place is not None]
    heads: dict[int, set[str]] = {}
    for place in places:
        if place.position >= before.position:
            heads.setdefault(place.position, set()).add(place.chain_hash if is_signed(place) else "")
    if heads.get(before.position, {before.chain_hash}) != {before.chain_hash}:
        return _bad(before, before.position, OTHER_HEAD)
    return _walk(before, heads, RowHash(epoch.position if epoch is not None else 0))


class RowHash:
    """Compares the hash of a row; rows up to `unkeyed_until` are those of a release without a key."""

    def __init__(self, unkeyed_until: int) -> None:
        self.unkeyed_until = unkeyed_until
        self.keys = chain_keys()

    def fits(self, position: int, content: bytes, chain_hash: str) -> bool:
        if position <= self.unkeyed_until:
            return hashlib.sha256(content).hexdigest() == chain_hash
        for key in self.keys:
            if hmac.compare_digest(keyed_hash(key, content), chain_hash):
                # Rows of one key follow each other, so the next row most likely has this one too.
                self.keys = [key, *(other for other in self.keys if other != key)]
                return True
        return False


def _walk(link: Link, heads: dict[int, set[str]], hashes: RowHash) -> Verdict:
    first = link.position + 1
    finding = None
    for row in _rows_after(link.position):
        position, chain_hash, entry_id = row[0], row[1], row[5]
        if problem := _problem(link, row, heads, hashes):
            is_gap = position > link.position + 1  # named by the row that is missing
            finding = Finding(link.position + 1, problem) if is_gap else Finding(position, problem, entry_id)
            break
        link = Link(position, chain_hash)
    if finding is None and heads and max(heads) > link.position:
        finding = Finding(link.position + 1, f"The tail is cut: the exported head is at {max(heads)}.")
    if finding is None and link.position > hashes.unkeyed_until and not AuditTip.objects.exists():
        finding = Finding(link.position + 1, "The record of the chain's end is missing; rows after it may be, too.")
    return Verdict(link.position + 1 - first, link, stored_rows().filter(position=None).count(), finding)


def _problem(link: Link, row: tuple[Any, ...], heads: dict[int, set[str]], hashes: RowHash) -> str:
    """What is wrong with the row after `link`; "" for nothing."""
    position, chain_hash, address, salt, digest, *protected = row
    if position > link.position + 1:
        return f"It is missing; the next row is at {position}."
    if position <= link.position:
        return "Two rows claim the position."
    if not hashes.fits(position, link_content(link.chain_hash, position, protected, digest), chain_hash):
        return "The row is not the one that was written there."
    if position in heads and heads[position] != {chain_hash}:
        return OTHER_HEAD
    if address is None:
        return "The address was removed in part." if salt else ""
    return "" if hmac.compare_digest(digest_of_address(address, salt), digest) else "The address was changed."


def _rows_after(position: int) -> Iterator[tuple[Any, ...]]:
    names = ("position", "chain_hash", "address", "address_salt", "address_digest", *PROTECTED)
    rows = stored_rows().filter(position__gt=position).order_by("position", "id")
    return rows.values_list(*names).iterator(FETCH_ROWS)


def _link_before(start: int | None, origin: Link) -> Link | None:
    if start is None or start <= origin.position + 1:
        return origin
    return first_link(stored_rows().filter(position=start - 1))


def _newest_checkpoint() -> AuditCheckpoint | None:
    return AuditCheckpoint.objects.order_by("-position").first()


def _bad(head: Link, position: int, problem: str) -> Verdict:
    return Verdict(0, head, stored_rows().filter(position=None).count(), Finding(position, problem))
