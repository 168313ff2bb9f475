"""Names of events: those of this dialect and those of the hub. Pure functions.

What the hub calls a version is a release here, a file is a releaseFile; downloads have no events here.
Source: v3 contract, "Webhooks".
"""

from __future__ import annotations

from collections.abc import Iterable

from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import DELETIONS, EVERYTHING

KINDS = {"version": "release", "file": "releaseFile"}
TEST = EventType.ENDPOINT_TEST.value
_TYPES = {
    f"{KINDS[kind]}.{verb}": f"{kind}.{verb}"
    for kind, _, verb in (name.partition(".") for name in EventType.values)
    if kind in KINDS
}
_NAMES = {type_: name for name, type_ in _TYPES.items()} | {TEST: TEST}
EVENTS = tuple(sorted(_TYPES))
"""What an endpoint may ask for. To a test it cannot subscribe."""


class UnknownEvent(ValueError):
    """The message is for people: it names what is wrong."""


def to_filter(names: Iterable[str]) -> list[str]:
    """The hub's filter.  Errors: UnknownEvent."""
    wanted = set(names)
    if not wanted:
        raise UnknownEvent("Name at least one event; to stop all deliveries, send active: false.")
    if unknown := sorted(wanted - _TYPES.keys()):
        raise UnknownEvent(f"There is no event {unknown[0]}. There are {', '.join(EVENTS)}.")
    return sorted(_TYPES[name] for name in wanted)


def from_filter(filter_: Iterable[str]) -> list[str]:
    """What of the hub's filter has a name here, in the order of the alphabet; one kind of deletion counts."""
    chosen = set(filter_)
    if not chosen or EVERYTHING in chosen:
        return list(EVENTS)
    return [name for name in EVENTS if not chosen.isdisjoint(_words(_TYPES[name]))]


def to_type(name: str) -> str:
    """The hub's name of one event of `EVENTS`, or of a test."""
    return _TYPES.get(name, name)


def from_type(event_type: str) -> str:
    return _NAMES[event_type]


def _words(event_type: str) -> set[str]:
    """What in a filter lets such an event through, some of them at least."""
    return {event_type, f"{event_type.partition('.')[0]}.*", *DELETIONS.get(event_type, ())}
