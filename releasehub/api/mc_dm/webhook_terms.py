"""Formats, event filters and criteria of webhook endpoints: the words of this dialect and those of the hub.

Pure functions. Event names: the documented ones, `*`, and ours for one kind of what the dialect calls `update`
(`yanked`, `soft_delete`, ...). Criteria: the documented ones, and ours, `fields`: field of the data -> values allowed.
Source: mc-dm contract, "Subscription record".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from releasehub.webhooks.filters import EVERYTHING, KINDS, expanded, single_names

PREFIX = "mc_dm_"
CONTENT_TYPES = tuple(f"{PREFIX}{kind}" for kind in KINDS)
FORMATS = ("standard", "v3", "mc_dm")
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
_CATEGORY = {"download": "category_id", "version": "download.category_id", "file": "version.download.category_id"}
# Word of the dialect -> (field of the data, answer -> values); "any" is no restriction.
_CHOICES: dict[str, dict[str, tuple[str, dict[str, list[Any]]]]] = {
    "download": {"password_protected": ("is_password_protected", {"yes": [True], "no": [False, None]})},
    "version": {
        "published": ("state", {"yes": ["published", "archived"], "no": ["draft", "scheduled", "pending"]}),
    },
    "file": {
        "validation": ("validation_status", {"pending": ["pending"], "validated": ["passed"], "failed": ["failed"]}),
    },
}


class UnknownTerm(ValueError):
    """The message is for people: it names what is wrong."""


# --- formats ----------------------------------------------------------------------------------------------------------


def to_format(current: str, wanted: str = "", content_type: str = "") -> str:
    """The hub's format after a change of either; a form of another format than mc_dm there is none.

    Errors: UnknownTerm.
    """
    shown, body = from_format(current)
    wanted = wanted or shown
    if wanted != "mc_dm":
        if content_type == FORM:
            raise UnknownTerm("Only the format mc_dm can be sent as a form: set format=mc_dm as well.")
        return wanted
    return FORM_FORMAT if (content_type or body) == FORM else "mc_dm"


def from_format(format_: str) -> tuple[str, str]:
    """(format, content_type)."""
    return ("mc_dm", FORM) if format_ == FORM_FORMAT else (format_, JSON)


# --- events -----------------------------------------------------------------------------------------------------------


def to_filter(events: Mapping[str, Any]) -> list[str]:
    """The hub's filter; of content types that are not named nothing is sent.  Errors: UnknownTerm."""
    if not events:
        raise UnknownTerm("Name at least one content type; to stop all deliveries, send active=0.")
    found: set[str] = set()
    for content_type, names in events.items():
        kind = _kind(content_type)
        words = _words(kind)
        for name in _listed(names):
            if name == EVERYTHING:
                found.add(f"{kind}.{EVERYTHING}")
            elif name in words:
                found |= words[name]
            else:
                raise UnknownTerm(f"{content_type} has no event {name}. It has {', '.join(sorted(words))}.")
    return sorted(found)


def from_filter(names: Iterable[str]) -> dict[str, Any]:
    """Content type -> `*` or the fewest names that say the same, in the order of the alphabet."""
    chosen = expanded(names)
    shown: dict[str, Any] = {}
    for kind in KINDS:
        if not chosen or not chosen.isdisjoint({EVERYTHING, f"{kind}.{EVERYTHING}"}):
            shown[f"{PREFIX}{kind}"] = EVERYTHING
        elif mine := chosen.intersection(single_names(kind)):
            shown[f"{PREFIX}{kind}"] = _fewest(_words(kind), mine)
    return shown


def _fewest(words: Mapping[str, frozenset[str]], chosen: set[str]) -> list[str]:
    found = []
    for name, meant in sorted(words.items(), key=lambda word: -len(word[1])):
        if meant <= chosen:
            found.append(name)
            chosen = chosen - meant
    return sorted(found)


def _words(kind: str) -> dict[str, frozenset[str]]:
    """Name in this dialect -> what the hub calls it; `update` is everything that has no documented name."""
    words, rest = {}, set()
    for single in single_names(kind):
        verb = single.removeprefix(f"{kind}.")
        words[_DOCUMENTED.get(verb) or _OURS.get(verb, verb)] = frozenset({single})
        if verb not in _DOCUMENTED:
            rest.add(single)
    return words | {UPDATE: frozenset(rest)}


def _listed(names: Any) -> list[str]:
    wanted = [names] if isinstance(names, str) else names
    if not isinstance(wanted, list) or not wanted or not all(isinstance(name, str) for name in wanted):
        raise UnknownTerm('For each content type give "*" or a list of event names.')
    return wanted


def _kind(content_type: str) -> str:
    if content_type not in CONTENT_TYPES:
        raise UnknownTerm(f"This hub has no events of {content_type}. It has {', '.join(CONTENT_TYPES)}.")
    return content_type.removeprefix(PREFIX)


# --- criteria ---------------------------------------------------------------------------------------------------------


def to_criteria(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """The hub's criteria.  Errors: UnknownTerm."""
    return {(kind := _kind(content_type)): _to_block(kind, block) for content_type, block in criteria.items()}


def from_criteria(criteria: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{PREFIX}{kind}": _from_block(kind, block) for kind, block in criteria.items()}


def _to_block(kind: str, block: Any) -> dict[str, list[Any]]:
    if not isinstance(block, dict):
        raise UnknownTerm("For each content type give an object of criteria.")
    fields = block.get("fields", {})
    if not isinstance(fields, dict):
        raise UnknownTerm("fields is an object: field of the data, then the list of values that pass.")
    found: dict[str, list[Any]] = {}
    for name, value in block.items():
        if name == "categories":
            path, values = _CATEGORY[kind], _category_ids(value)
        elif name in _CHOICES[kind]:
            path, values = _chosen(kind, name, value)
        elif name != "fields":
            known = ", ".join(["categories", *_CHOICES[kind], "fields"])
            raise UnknownTerm(f"{PREFIX}{kind} has no criterion {name}. It has {known}.")
        else:
            continue
        if values:
            found[path] = values
    if twice := sorted(found.keys() & fields.keys()):
        raise UnknownTerm(f"{twice[0]} is restricted twice.")
    return found | fields


def _from_block(kind: str, block: Mapping[str, list[Any]]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    fields: dict[str, list[Any]] = {}
    for path, values in block.items():
        word = next(
            (
                (name, answer)
                for name, (known, answers) in _CHOICES[kind].items()
                for answer, meant in answers.items()
                if path == known and _is_same(values, meant)
            ),
            None,
        )
        if path == _CATEGORY[kind] and values and all(_is_id(value) for value in values):
            shown["categories"] = values
        elif word:
            shown[word[0]] = word[1]
        else:
            fields[path] = values
    return shown | ({"fields": fields} if fields else {})


def _category_ids(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(_is_id(item) for item in value):
        raise UnknownTerm("categories is a list of category ids.")
    return value


def _chosen(kind: str, name: str, value: Any) -> tuple[str, list[Any]]:
    path, answers = _CHOICES[kind][name]
    if value == "any":
        return path, []
    if not isinstance(value, str) or value not in answers:
        raise UnknownTerm(f"{name} is one of any, {', '.join(answers)}.")
    return path, answers[value]


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_same(values: list[Any], meant: list[Any]) -> bool:
    """The same values in the same order, where 1 is not true."""
    return [(type(value), value) for value in values] == [(type(value), value) for value in meant]
