"""Declarations of admin actions on rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releasehub.core.actor import Actor

Run = Callable[[Actor, Any, str], object]


@dataclass(frozen=True, kw_only=True)
class RowAction:
    """One thing that can be done to a row.

    Attributes:
        run: Function that calls the service with the actor, the row, and the text that the user entered.
        applies: Function that returns True if the action makes sense for a row in its current state.
        question: Name of the policy method `can_<question>` that decides whether the action is offered, if it is not
            the name of the action. The service checks the same permission again.
        reason_use: Who sees the reason.
        needs_reason: Whether it is sent only with a reason. The service checks it again.
        reason_label: The label of the text, for an action that needs another text than a reason.
        stamp: Function that returns a text that every change of what the action decides about changes. The action is
            refused if the text differs from the one on the confirmation page. It locks the row.
        asks_password: Whether staff enter their password first, because the action gives somebody else power.
    """

    name: str
    label: str
    done: str
    run: Run
    applies: Callable[[Any], bool] = lambda row: True
    question: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    wants_reason: bool = False
    needs_reason: bool = False
    reason_label: str = "Reason"
    warning: str = ""
    reason_use: str = "shown in the audit log and to users who open the deleted item"
    erases: bool = False
    stamp: Callable[[Any], str] = lambda row: ""
    asks_password: bool = False


def deletion_actions(delete: Callable[..., object], restore: Callable[..., object], name: str) -> tuple[RowAction, ...]:
    """Return the actions that delete, restore and erase a row. The services take the row as the argument `name`."""
    return (
        RowAction(
            name="delete",
            label="Delete (can be restored)",
            done="deleted",
            run=lambda actor, row, reason: delete(actor=actor, reason=reason, **{name: row}),
            applies=lambda row: not row.is_deleted,
            wants_reason=True,
        ),
        RowAction(
            name="restore",
            label="Restore",
            done="restored",
            run=lambda actor, row, reason: restore(actor=actor, **{name: row}),
            applies=lambda row: row.is_deleted,
        ),
        RowAction(
            name="erase",
            label="Delete permanently",
            done="permanently deleted",
            run=lambda actor, row, reason: delete(actor=actor, hard=True, reason=reason, **{name: row}),
            question="delete",
            options={"hard": True},
            erases=True,
        ),
    )
