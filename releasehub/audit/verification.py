"""Verification of the audit log: recompute the chain from the last checkpoint, and find the first row that is wrong."""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from releasehub.audit.chain import FETCH_ROWS, first_link, stored_rows
from releasehub.audit.links import GENESIS, PROTECTED, Link, RowHash, address_digest_of, link_content
from releasehub.audit.models import AuditCheckpoint, AuditHead, AuditKeyEpoch, AuditTip
from releasehub.audit.signing import SignedPosition, is_signed

OTHER_HEAD = "The exported head at this position has another hash, or was not signed by this hub."


@dataclass(frozen=True)
class ChainFault:
    """The first position that is wrong, with a sentence that says what is wrong there."""

    position: int
    problem: str
    entry_id: int | None = None


@dataclass(frozen=True)
class VerificationResult:
    """The result of a verification.

    Attributes:
        checked: The number of correct rows.
        head: The last correct link.
        waiting: The number of rows that are not chained yet, so that they cannot be verified.
        fault: The first fault, or None.
    """

    checked: int
    head: Link
    waiting: int
    fault: ChainFault | None


def verify(start: int | None = None, exported: Iterable[SignedPosition] = ()) -> VerificationResult:
    """Verify the chain without changing anything.

    Args:
        start: The first position to verify. The stored hash before it is trusted. By default, verification starts after
            the last checkpoint.
    """
    heads = tuple(exported)
    while True:
        checkpoint = _newest_checkpoint()
        result = _verify(start, checkpoint, heads)
        # If the log was pruned in the meantime, rows are missing for a good reason, and there is a newer checkpoint.
        if result.fault is None or _newest_checkpoint() == checkpoint:
            return result


def _verify(
    start: int | None, checkpoint: AuditCheckpoint | None, exported: tuple[SignedPosition, ...]
) -> VerificationResult:
    if checkpoint is not None and not is_signed(checkpoint):
        return _failed_at(GENESIS, checkpoint.position, "The checkpoint at this position was not signed by this hub.")
    base = Link(checkpoint.position, checkpoint.chain_hash) if checkpoint is not None else GENESIS
    start_link = _link_before(start, base)
    if start_link is None:
        return _failed_at(base, (start or 1) - 1, "There is no row at this position to start from.")
    epoch = AuditKeyEpoch.objects.order_by("-position").first()
    signed_positions: list[SignedPosition] = [*AuditHead.objects.filter(position__gte=start_link.position), *exported]
    signed_positions += filter(None, (epoch, AuditTip.objects.first()))
    heads: dict[int, set[str]] = {}
    for signed_position in signed_positions:
        if signed_position.position >= start_link.position:
            heads.setdefault(signed_position.position, set()).add(
                signed_position.chain_hash if is_signed(signed_position) else ""
            )
    if heads.get(start_link.position, {start_link.chain_hash}) != {start_link.chain_hash}:
        return _failed_at(start_link, start_link.position, OTHER_HEAD)
    return _walk(start_link, heads, RowHash(epoch.position if epoch is not None else 0))


def _walk(link: Link, heads: dict[int, set[str]], hashes: RowHash) -> VerificationResult:
    first = link.position + 1
    fault = None
    for row in _rows_after(link.position):
        position, chain_hash, entry_id = row[0], row[1], row[5]
        if problem := _problem(link, row, heads, hashes):
            is_gap = position > link.position + 1  # report the position of the missing row
            fault = ChainFault(link.position + 1, problem) if is_gap else ChainFault(position, problem, entry_id)
            break
        link = Link(position, chain_hash)
    if fault is None and heads and max(heads) > link.position:
        fault = ChainFault(
            link.position + 1, f"The last rows were removed: an exported head is at position {max(heads)}."
        )
    if fault is None and link.position > hashes.unkeyed_until and not AuditTip.objects.exists():
        fault = ChainFault(
            link.position + 1,
            "The record of the end of the chain is missing, so rows after this position may be missing too.",
        )
    return VerificationResult(link.position + 1 - first, link, stored_rows().filter(position=None).count(), fault)


def _problem(link: Link, row: tuple[Any, ...], heads: dict[int, set[str]], hashes: RowHash) -> str:
    """Return what is wrong with the row after `link`, or an empty string if the row is correct."""
    position, chain_hash, address, salt, digest, *protected = row
    if position > link.position + 1:
        return f"The row is missing. The next row is at position {position}."
    if position <= link.position:
        return "Two rows have this position."
    if not hashes.matches(position, link_content(link.chain_hash, position, protected, digest), chain_hash):
        return "The row was changed after it was written."
    if position in heads and heads[position] != {chain_hash}:
        return OTHER_HEAD
    if address is None:
        return "The IP address was removed, but not its salt." if salt else ""
    return "" if hmac.compare_digest(address_digest_of(address, salt), digest) else "The IP address was changed."


def _rows_after(position: int) -> Iterator[tuple[Any, ...]]:
    """Yield the columns that `_problem` needs, for all rows after this position."""
    names = ("position", "chain_hash", "address", "address_salt", "address_digest", *PROTECTED)
    rows = stored_rows().filter(position__gt=position).order_by("position", "id")
    return rows.values_list(*names).iterator(FETCH_ROWS)


def _link_before(start: int | None, base: Link) -> Link | None:
    """Return the link before the first row to verify, or None if that row does not exist."""
    if start is None or start <= base.position + 1:
        return base
    return first_link(stored_rows().filter(position=start - 1))


def _newest_checkpoint() -> AuditCheckpoint | None:
    return AuditCheckpoint.objects.order_by("-position").first()


def _failed_at(head: Link, position: int, problem: str) -> VerificationResult:
    return VerificationResult(0, head, stored_rows().filter(position=None).count(), ChainFault(position, problem))
