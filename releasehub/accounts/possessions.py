"""Everything that can pass from one account to another. The layers register what they store for a user.

A transfer passes on what others depend on: downloads, and the ownership of organizations. A merge passes on everything
that is registered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor


class PassOn(Protocol):
    """A function that passes rows to another user in the caller's transaction, and returns their number.

    The caller has checked the rights.
    """

    def __call__(self, *, actor: Actor, giver: User, heir: User) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Possession:
    """One kind of thing that a user has.

    Attributes:
        name: The name in forms and in the audit log.
        label: The text that staff read next to the number.
        count: Returns how many rows a merge or a transfer concerns.
        is_transferable: Whether it can be transferred alone, and not only in a merge.
    """

    name: str
    label: str
    count: Callable[[User], int]
    pass_on: PassOn
    is_transferable: bool = False


_possessions: list[Possession] = []


def pass_on_created(rows: QuerySet[Any], *, actor: Actor, heir: User, action: AuditAction) -> int:
    """Make the heir the creator of the rows, and record it with the action. Return the number of rows."""
    count = 0
    for row in rows:
        changes = {"created_by": [row.created_by_id, heir.pk]}
        row.created_by = heir
        row.save(update_fields=["created_by", "updated_at"])
        audit.record(actor=actor, action=action, target=row, changes=changes)
        count += 1
    return count


def register_possession(possession: Possession) -> None:
    """Let a merge, and a transfer if possible, pass this on. They do so in the order of registration."""
    _possessions.append(possession)


def possessions(*, transferable: bool = False) -> list[Possession]:
    return [row for row in _possessions if row.is_transferable or not transferable]


def counted(user: User, *, transferable: bool = False) -> list[tuple[Possession, int]]:
    """Return the number of each kind of possession of the user, without kinds whose number is zero."""
    numbers = ((row, row.count(user)) for row in possessions(transferable=transferable))
    return [(row, number) for row, number in numbers if number]
