"""Formats, event filters and criteria of webhook endpoints: the names of this dialect and those of the hub.

Pure functions. The event names are the documented ones, `*`, and additional ones for single kinds of what the dialect
calls `update` (`yanked`, `soft_delete`, ...). The criteria are the documented ones, and the additional `fields`, which
maps a field of the data to the allowed values. `rating_min` and `rating_max` are stored as the list of allowed ratings.

Source: mc-dm contract, "Subscription record".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from releasehub.webhooks.filters import EVERYTHING, KINDS, NO_EVENTS, TRAFFIC, expand_names, single_names

PREFIX = "mc_dm_"
CONTENT_TYPES = tuple(f"{PREFIX}{kind}" for kind in KINDS)
FORMATS = ("standard", "v3", "mc_dm", "slack", "discord", "teams", "matrix")
JSON, FORM = BODIES = ("json", "form")
FORM_FORMAT = "mc_dm_form"
UPDATE = "update"

_DOCUMENTED = {
    "created": "insert",
    "deleted.hard": "delete",
    "published": "publish",
    "unpublished": "unpublish",
}
_OURS = {"deleted.soft": "soft_delete"}
# Maps a criterion that is a list of ids to the field of the data. A null in the data is the id 0: none.
_IDS: dict[str, dict[str, str]] = {
    "download": {"categories": "category_id", "prefixes": "prefix_id"},
    "version": {"categories": "download.category_id"},
    "file": {"categories": "version.download.category_id"},
    "comment": {"categories": "download.category_id"},
    "review": {"categories": "download.category_id"},
}
_RATINGS = (1, 2, 3, 4, 5)
_BOUNDS = {"review": ("rating", ("rating_min", "rating_max"))}
# Maps a criterion to the field of the data and the values for each of its answers; "any" allows every value.
_CHOICES: dict[str, dict[str, tuple[str, dict[str, list[Any]]]]] = {
    "download": {"password_protected": ("is_password_protected", {"yes": [True], "no": [False, None]})},
    "version": {
        "published": ("state", {"yes": ["published", "archived"], "no": ["draft", "scheduled", "pending"]}),
    },
    "file": {
        "validation": ("validation_status", {"pending": ["pending"], "validated": ["passed"], "failed": ["failed"]}),
    },
    "comment": {},
    "review": {},
}


class UnknownTerm(ValueError):
    """A request has a name that does not exist. The message is meant for the user."""


def to_format(current: str, new_format: str = "", content_type: str = "") -> str:
    """Return the format that the hub stores after a change of `format` or `content_type`."""
    current_format, body = from_format(current)
    new_format = new_format or current_format
    if new_format != "mc_dm":
        if content_type == FORM:
            raise UnknownTerm("Only the format mc_dm can be sent as a form: set format=mc_dm as well.")
        return new_format
    return FORM_FORMAT if (content_type or body) == FORM else "mc_dm"


def from_format(format_: str) -> tuple[str, str]:
    """Return `format` and `content_type` of a stored format."""
    return ("mc_dm", FORM) if format_ == FORM_FORMAT else (format_, JSON)


def to_filter(events: Mapping[str, Any]) -> list[str]:
    """Return the filter that the hub stores. Events of content types that are left out are not sent.

    Content types and events that do not exist here are left out: `foreign_terms` keeps those for the answer.
    """
    if not events:
        raise UnknownTerm("Select at least one content type. To pause deliveries, set active to 0.")
    filter_: set[str] = set()
    for content_type, names in events.items():
        selected = name_list(names)
        if content_type not in CONTENT_TYPES:
            continue
        kind = _kind(content_type)
        everything = frozenset(f"{group}.{EVERYTHING}" for group in _groups(kind))
        events_by_name = _events_by_name(kind) | {EVERYTHING: everything}
        filter_ = filter_.union(*(events_by_name.get(name, ()) for name in selected))
    return sorted(filter_) or list(NO_EVENTS)  # an empty filter would match everything


def from_filter(names: Iterable[str]) -> dict[str, Any]:
    """Return each content type of a filter with `*`, or with as few event names as possible in alphabetical order."""
    event_names = expand_names(names)
    if not event_names or EVERYTHING in event_names:
        event_names |= {f"{kind}.{EVERYTHING}" for kind in KINDS}
    events: dict[str, Any] = {}
    for kind in KINDS:
        groups = _groups(kind)
        if all(f"{group}.{EVERYTHING}" in event_names for group in groups):
            events[f"{PREFIX}{kind}"] = EVERYTHING
        elif names_of_kind := _names_of(groups, event_names):
            events[f"{PREFIX}{kind}"] = _shortest_names(_events_by_name(kind), names_of_kind)
    return events


def _names_of(groups: Iterable[str], event_names: set[str]) -> set[str]:
    """Return the events of the groups that the filter names, with single names instead of names of groups."""
    found: set[str] = set()
    for group in groups:
        singles = set(single_names(group))
        found |= singles if f"{group}.{EVERYTHING}" in event_names else singles & event_names
    return found


def _groups(kind: str) -> tuple[str, ...]:
    """Return the groups of events of the hub that are events of this content type."""
    return ("download", TRAFFIC) if kind == "download" else (kind,)


def _shortest_names(events_by_name: Mapping[str, frozenset[str]], event_names: set[str]) -> list[str]:
    names = []
    for name, meaning in sorted(events_by_name.items(), key=lambda pair: -len(pair[1])):
        if meaning <= event_names:
            names.append(name)
            event_names = event_names - meaning
    return sorted(names)


def _events_by_name(kind: str) -> dict[str, frozenset[str]]:
    """Return the events of the hub for each name of this dialect; `update` stands for all without a documented name."""
    events_by_name, undocumented = {}, set()
    for single in single_names(kind):
        verb = single.removeprefix(f"{kind}.")
        events_by_name[_DOCUMENTED.get(verb) or _OURS.get(verb, verb)] = frozenset({single})
        if verb not in _DOCUMENTED:
            undocumented.add(single)
    traffic = single_names(TRAFFIC) if TRAFFIC in _groups(kind) else ()
    events_by_name |= {_traffic_name(single): frozenset({single}) for single in traffic}
    return events_by_name | {UPDATE: frozenset(undocumented)}


def _traffic_name(single: str) -> str:
    verb = single.removeprefix(f"{TRAFFIC}.")
    return verb if verb.startswith("gate_") else f"download_{verb}"


def names_of_type(content_type: str) -> frozenset[str]:
    """Return the names of the events of a content type that exists here."""
    return frozenset(_events_by_name(_kind(content_type)))


def name_list(names: Any) -> list[str]:
    """Return the event names of a content type."""
    result = [names] if isinstance(names, str) else names
    if not isinstance(result, list) or not result or not all(isinstance(name, str) for name in result):
        raise UnknownTerm('The events of a content type must be "*" or a list of event names.')
    return result


def _kind(content_type: str) -> str:
    """Return the type of object of a content type that exists here."""
    return content_type.removeprefix(PREFIX)


def to_criteria(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """Return the criteria that the hub stores, without those of content types that do not exist here."""
    known = {content_type: block for content_type, block in criteria.items() if content_type in CONTENT_TYPES}
    return {(kind := _kind(content_type)): _to_block(kind, block) for content_type, block in known.items()}


def from_criteria(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored criteria with the names of this dialect."""
    return {f"{PREFIX}{kind}": _from_block(kind, block) for kind, block in criteria.items()}


def _to_block(kind: str, block: Any) -> dict[str, list[Any]]:
    if not isinstance(block, dict):
        raise UnknownTerm("The criteria of a content type must be an object.")
    fields = block.get("fields", {})
    if not isinstance(fields, dict):
        raise UnknownTerm("fields must be an object that maps a field of the data to a list of allowed values.")
    criteria: dict[str, list[Any]] = {}
    for name in block:
        if name != "fields":
            path, values = _restriction(kind, name, block)
            if values:
                criteria[path] = values
    if twice := sorted(criteria.keys() & fields.keys()):
        raise UnknownTerm(f"{twice[0]} is restricted twice.")
    return criteria | fields


def _restriction(kind: str, name: str, block: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the field of the data that a criterion restricts, and its allowed values. An empty list allows all."""
    if name in _IDS[kind]:
        return _IDS[kind][name], _to_ids(name, block[name])
    if name in _CHOICES[kind]:
        return _choice(kind, name, block[name])
    if name in _bound_names(kind):
        return _BOUNDS[kind][0], _ratings_within(block)
    criterion_names = ", ".join([*_IDS[kind], *_CHOICES[kind], *_bound_names(kind), "fields"])
    raise UnknownTerm(f"{PREFIX}{kind} has no criterion {name}. Its criteria are {criterion_names}.")


def _from_block(kind: str, block: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return the criteria of a type of object. `fields` has the restrictions that no other criterion expresses."""
    criteria: dict[str, Any] = {}
    fields: dict[str, list[Any]] = {}
    for path, values in block.items():
        if named := _ids_of(kind, path, values) or _answer_of(kind, path, values) or _bounds_of(kind, path, values):
            criteria |= named
        else:
            fields[path] = values
    return criteria | ({"fields": fields} if fields else {})


def _ids_of(kind: str, path: str, values: list[Any]) -> dict[str, list[int]]:
    """Return the criterion that lists these ids, or nothing if there is none."""
    if not values or not all(value is None or (value and _is_id(value)) for value in values):
        return {}
    return {name: [value or 0 for value in values] for name, id_path in _IDS[kind].items() if path == id_path}


def _answer_of(kind: str, path: str, values: list[Any]) -> dict[str, str]:
    """Return the criterion with the answer that stands for these values, or nothing if there is none."""
    for name, (choice_path, answers) in _CHOICES[kind].items():
        for answer, allowed in answers.items():
            if path == choice_path and _is_same(values, allowed):
                return {name: answer}
    return {}


def _to_ids(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not all(_is_id(item) for item in value):
        raise UnknownTerm(f"{name} must be a list of ids.")
    return [item or None for item in value]


def _choice(kind: str, name: str, value: Any) -> tuple[str, list[Any]]:
    path, answers = _CHOICES[kind][name]
    if value == "any":
        return path, []
    if not isinstance(value, str) or value not in answers:
        raise UnknownTerm(f"{name} must be one of any, {', '.join(answers)}.")
    return path, answers[value]


def _bound_names(kind: str) -> tuple[str, ...]:
    return _BOUNDS[kind][1] if kind in _BOUNDS else ()


def _ratings_within(block: Mapping[str, Any]) -> list[int]:
    """Return the ratings that the bounds allow, or nothing if they allow all of them. 0 and null mean no bound."""
    low, high = block.get("rating_min") or _RATINGS[0], block.get("rating_max") or _RATINGS[-1]
    if not all(_is_id(bound) and bound in _RATINGS for bound in (low, high)) or low > high:
        raise UnknownTerm("rating_min and rating_max must be whole numbers from 1 to 5, with the smaller one first.")
    return [] if (low, high) == (_RATINGS[0], _RATINGS[-1]) else list(range(low, high + 1))


def _bounds_of(kind: str, path: str, values: list[Any]) -> dict[str, int]:
    """Return the bounds between which these are all ratings, or nothing if there are none."""
    if kind not in _BOUNDS or path != _BOUNDS[kind][0]:
        return {}
    if not values or not all(_is_id(value) for value in values) or len(values) == len(_RATINGS):
        return {}
    low, high = values[0], values[-1]
    if values != list(range(low, high + 1)) or low < _RATINGS[0] or high > _RATINGS[-1]:
        return {}
    return {"rating_min": low} | ({"rating_max": high} if high < _RATINGS[-1] else {})


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_same(values: list[Any], expected: list[Any]) -> bool:
    """Return whether the values are the same in the same order; unlike in Python, 1 is not equal to true."""
    return [(type(value), value) for value in values] == [(type(value), value) for value in expected]
