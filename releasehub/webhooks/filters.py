"""Event filters of endpoints.

A filter is a list of names: event types such as `version.created`, groups such as `version.*`, and `*` for everything.
`version.deleted.soft` and `version.deleted.hard` stand for one kind of deletion. An empty filter matches everything.

Traffic events are about single downloads of a file, and there can be thousands of them. Therefore neither `*` nor an
empty filter matches them; a filter has to name them or `traffic.*`.
"""

from collections.abc import Collection, Iterable

from releasehub.webhooks.events import EventType

KINDS = ("download", "version", "file", "comment", "review")
EVERYTHING = "*"
TRAFFIC = "traffic"
NO_EVENTS = (EventType.ENDPOINT_TEST.value,)  # only test events, which every endpoint receives anyway
DELETIONS = {f"{kind}.deleted": (f"{kind}.deleted.soft", f"{kind}.deleted.hard") for kind in KINDS}


def single_names(kind: str) -> tuple[str, ...]:
    """Return the names of all events of this type of object, with both kinds of deletion instead of `deleted`."""
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


def expand_names(names: Iterable[str]) -> set[str]:
    """Return the same filter, with both kinds of deletion instead of `version.deleted`."""
    return {single for name in names for single in DELETIONS.get(name, (name,))}


def matches_filter(names: Collection[str], event_type: str, *, is_hard: bool) -> bool:
    """Return whether the filter matches an event. `is_hard` says whether a deletion is permanent."""
    group = f"{event_type.partition('.')[0]}.*"
    if is_traffic(event_type):
        return not {event_type, group}.isdisjoint(names)
    if not names:
        return True
    deletion = DELETIONS.get(event_type)
    exact = {deletion[is_hard]} if deletion else set()
    return not exact.union({event_type, group, EVERYTHING}).isdisjoint(names)


def is_traffic(name: str) -> bool:
    """Return whether the name is that of a traffic event, or of all of them."""
    return name.startswith(f"{TRAFFIC}.")
