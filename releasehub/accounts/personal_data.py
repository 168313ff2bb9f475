"""The registry of what layers store about a user: how it is exported, passed to another account, and erased.

A transfer passes on what others depend on: downloads, and the ownership of organizations. A merge passes on everything
that is registered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.listeners import Listeners


class Eraser(Protocol):
    """Erases what a layer knows about a user, and takes the user's rights there away, in the caller's transaction."""

    def __call__(self, *, actor: Actor, user: User) -> None: ...


# Returns whether nothing is left. It is called again until it is, so it may stop early.
TraceEraser = Callable[[User], bool]

# Returns what a layer stores about a user, as JSON values.
Exporter = Callable[[User], Any]

MAX_EXPORTED_ROWS = 10_000  # of each kind

erasers: list[Eraser] = []
exporters: dict[str, Exporter] = {}
trace_erasers: list[TraceEraser] = []
# Called before a user is anonymized or merged. Raises a DomainError if a layer refuses that.
check_leaving = Listeners[[User]]()


def register_eraser(eraser: Eraser) -> None:
    """Let `eraser` run when a user is anonymized."""
    erasers.append(eraser)


def register_trace_eraser(eraser: TraceEraser) -> None:
    """Let a worker run `eraser` after a user was anonymized, because it has to read a whole table."""
    trace_erasers.append(eraser)


def register_exporter(name: str, exporter: Exporter) -> None:
    """Let users export what `exporter` returns, under this name."""
    exporters[name] = exporter


class PassOn(Protocol):
    """A function that passes rows to another user in the caller's transaction, and returns their number.

    The caller has checked the rights.
    """

    def __call__(self, *, actor: Actor, giver: User, heir: User) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Possession:
    """One kind of thing that a user has.

    Attributes:
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


def created_rows(model: type[Any], action: AuditAction, *, name: str, label: str) -> Possession:
    """Return the possession of the rows that a user created. The heir becomes their creator, recorded as the action."""

    def rows_of(user: User) -> QuerySet[Any]:
        rows: QuerySet[Any] = model._default_manager.filter(created_by=user)
        return rows.order_by("pk")

    def pass_on(*, actor: Actor, giver: User, heir: User) -> int:
        rows = list(rows_of(giver))
        for row in rows:
            row.created_by = heir
            row.save(update_fields=["created_by", "updated_at"])
            audit.record(actor=actor, action=action, target=row, changes={"created_by": [giver.pk, heir.pk]})
        return len(rows)

    return Possession(name=name, label=label, count=lambda user: rows_of(user).count(), pass_on=pass_on)


def register_possession(possession: Possession) -> None:
    """Let a merge, and a transfer if possible, pass this on. They do so in the order of registration."""
    _possessions.append(possession)


def possessions(*, transferable: bool = False) -> list[Possession]:
    return [row for row in _possessions if row.is_transferable or not transferable]


def counted(user: User, *, transferable: bool = False) -> list[tuple[Possession, int]]:
    """Return the number of each kind of possession of the user, without kinds whose number is zero."""
    numbers = ((row, row.count(user)) for row in possessions(transferable=transferable))
    return [(row, number) for row, number in numbers if number]
