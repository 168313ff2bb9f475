"""Which events an endpoint asks for. Pure functions.

A filter is a list of names: event types, `version.*`, `*`, and `version.deleted.soft` or `.hard` for one kind of
deletion. An empty one asks for everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from releasehub.webhooks.events import EventType

KINDS = ("download", "version", "file")
EVERYTHING = "*"
DELETIONS = {f"{kind}.deleted": (f"{kind}.deleted.soft", f"{kind}.deleted.hard") for kind in KINDS}


def single_names(kind: str) -> tuple[str, ...]:
    """Everything that can happen to such an object, the two deletions told apart."""
    types = [name for name in EventType.values if name.startswith(f"{kind}.")]
    return tuple(single for name in types for single in DELETIONS.get(name, (name,)))


NAMES = frozenset(
    {
        EVERYTHING,
        *EventType.values,
        *(f"{name.partition('.')[0]}.*" for name in EventType.values),
        *(single for pair in DELETIONS.values() for single in pair),
    }
)


def expanded(names: Iterable[str]) -> set[str]:
    """The same filter, with `version.deleted` as the two deletions it stands for."""
    return {single for name in names for single in DELETIONS.get(name, (name,))}


def asks_for(names: Collection[str], event_type: str, *, is_hard: bool) -> bool:
    """Whether the filter lets an event through; `is_hard`: of a deletion, that it erases."""
    if not names:
        return True
    deletion = DELETIONS.get(event_type)
    exact = {deletion[is_hard]} if deletion else set()
    return not exact.union({event_type, f"{event_type.partition('.')[0]}.*", EVERYTHING}).isdisjoint(names)
