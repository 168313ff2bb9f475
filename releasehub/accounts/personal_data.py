"""The places that store data about a user. Their layers register how it is erased and exported."""

from collections.abc import Callable
from typing import Any, Protocol

from releasehub.accounts.models import User
from releasehub.core.actor import Actor


class Eraser(Protocol):
    """Erases what a layer knows about a user, and takes the user's rights there away, in the caller's transaction."""

    def __call__(self, *, actor: Actor, user: User) -> None: ...


# A function that raises a DomainError if the user may not leave now.
LeavingCheck = Callable[[User], None]

# Returns whether nothing is left. It is called again until it is, so it may stop early.
TraceEraser = Callable[[User], bool]

# Returns what a layer stores about a user, as JSON values.
Exporter = Callable[[User], Any]

MAX_EXPORTED_ROWS = 10_000  # of each kind

_erasers: list[Eraser] = []
_exporters: dict[str, Exporter] = {}
_trace_erasers: list[TraceEraser] = []
_leaving_checks: list[LeavingCheck] = []


def register_eraser(eraser: Eraser) -> None:
    """Let `eraser` run when a user is anonymized."""
    _erasers.append(eraser)


def register_leaving_check(check: LeavingCheck) -> None:
    """Let `check` refuse to anonymize or merge a user, in the transaction that would do it."""
    _leaving_checks.append(check)


def check_leaving(user: User) -> None:
    """Check that the user may leave, before anything is erased or gets another author.

    Raises:
        DomainError: A layer refuses it.
    """
    for check in _leaving_checks:
        check(user)


def register_trace_eraser(eraser: TraceEraser) -> None:
    """Let a worker run `eraser` after a user was anonymized, because it has to read a whole table."""
    _trace_erasers.append(eraser)


def register_exporter(name: str, exporter: Exporter) -> None:
    """Let users export what `exporter` returns, under this name."""
    _exporters[name] = exporter


def exporters() -> dict[str, Exporter]:
    return dict(_exporters)


def erasers() -> tuple[Eraser, ...]:
    return tuple(_erasers)


def trace_erasers() -> tuple[TraceEraser, ...]:
    return tuple(_trace_erasers)
