"""Names of events: those of this dialect and those of the hub. Pure functions.

A version of the hub is a release in this dialect, and a file is a releaseFile. Downloads have no events here.

Source: v3 contract, "Webhooks".
"""

from collections.abc import Iterable

from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import DELETIONS, EVERYTHING, NO_EVENTS

DIALECT = "v3"
"""The key of foreign names in `Endpoint.foreign_events`."""
KINDS = {"version": "release", "file": "releaseFile"}
TEST = EventType.ENDPOINT_TEST.value
_TYPES = {
    f"{KINDS[kind]}.{verb}": f"{kind}.{verb}"
    for kind, _, verb in (name.partition(".") for name in EventType.values)
    if kind in KINDS
}
_NAMES = {type_: name for name, type_ in _TYPES.items()} | {TEST: TEST}
EVENTS = tuple(sorted(_TYPES))
"""The events that an endpoint can subscribe to; test events are always sent."""
_NOUNS = {"release": "release", "releaseFile": "file of a release"}
_VERBS = {
    "validated": "passed its checks",
    "rejected": "failed its checks",
    "published": "was published",
    "unpublished": "became a draft again",
    "yanked": "was yanked, and is no longer offered",
    "unyanked": "is offered again after it was yanked",
    "activated": "became the active one of its product",
    "updated": "was changed",
}
DESCRIPTIONS = {
    name: f"A {_NOUNS[kind]} {_VERBS.get(verb, f'was {verb}')}."
    for name, (kind, _, verb) in ((name, name.partition(".")) for name in EVENTS)
}


def to_filter(names: Iterable[str]) -> list[str]:
    """Return the filter that the hub stores for these names of events."""
    # An empty filter would match everything.
    return sorted({_TYPES[name] for name in names}) or list(NO_EVENTS)


def from_filter(filter_: Iterable[str]) -> list[str]:
    """Return the names of the events in a filter of the hub, in alphabetical order.

    A filter with only one kind of deletion is shown as one with all deletions, for which this dialect has a name.
    """
    filter_names = set(filter_)
    if not filter_names or EVERYTHING in filter_names:
        return list(EVENTS)
    return [name for name in EVENTS if not filter_names.isdisjoint(_filter_terms(_TYPES[name]))]


def to_type(name: str) -> str:
    return _TYPES.get(name, name)


def from_type(event_type: str) -> str:
    return _NAMES[event_type]


def _filter_terms(event_type: str) -> set[str]:
    """Return the entries of a filter that let such an event through, or at least some of these events."""
    return {event_type, f"{event_type.partition('.')[0]}.*", *DELETIONS.get(event_type, ())}
