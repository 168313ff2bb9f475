"""Break the requests that schemathesis generates in the ways clients break theirs.

Lists with wrong types inside, repeated fields, two files in one form, numbers with thousands of digits, nulls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.api.described import accepted_types, document, multipart, sample_body

DIGITS = "9" * 5_000
RAW_DIGITS = "a number of 5,000 digits, which Python itself refuses to write"
WRONG_ITEMS = (5, None, True, {"a": None}, ["a"], DIGITS)
FORM_TYPE, MULTIPART_TYPE = "application/x-www-form-urlencoded", "multipart/form-data"
Requests = tuple[Any, list[Any]]


@st.composite
def with_broken_ones(draw: st.DrawFn, cases: st.SearchStrategy[Any]) -> Requests:
    """Draw a case, and broken copies of it: for two of the media types of its body, or with a broken query."""
    case = draw(cases)
    verb, path = case.operation.method.lower(), case.operation.path
    members = sample_body(verb, path) | (case.body if isinstance(case.body, dict) else {})
    kinds = [kind for kind in accepted_types(verb, path) if kind in BROKEN_BODIES and members]
    if not kinds:
        return case, [copied(case, query=draw(broken_query(case.query, verb, path)))]
    chosen = draw(st.permutations(kinds))[:2]
    return case, [copied(case, media_type=kind, body=draw(BROKEN_BODIES[kind](members))) for kind in chosen]


def copied(case: Any, **changes: Any) -> Any:
    """Return a copy with other members. A body of parts names its boundary."""
    names = ("path_parameters", "query", "cookies", "body", "media_type")
    copy = case.operation.Case(**{name: getattr(case, name) for name in names} | changes)
    copy.headers.update({name: value for name, value in case.headers.items() if name.lower() != "content-type"})
    if copy.media_type == MULTIPART_TYPE:
        copy.headers["Content-Type"] = f"{MULTIPART_TYPE}; boundary=b"
    return copy


@st.composite
def broken_json(draw: st.DrawFn, members: dict[str, Any]) -> bytes:
    """All members are broken at once, because a serializer looks at each; or one, which then is all that is wrong."""
    chosen = list(members) if draw(st.booleans()) else [draw(st.sampled_from(sorted(members)))]
    broken = {name: draw(broken_values(members[name], is_alone=len(chosen) == 1)) for name in chosen}
    text = json.dumps(members | broken, default=str)
    return text.replace(json.dumps(RAW_DIGITS), DIGITS).encode()


def broken_values(value: Any, *, is_alone: bool) -> st.SearchStrategy[Any]:
    """A number of thousands of digits makes the whole body unreadable, so it comes alone."""
    plain: list[Any] = [None, 5, DIGITS, {"a": None}, *([RAW_DIGITS] if is_alone else [])]
    items = value if isinstance(value, list) else [value]
    mixed = st.sampled_from(WRONG_ITEMS).map(lambda wrong: [*items, wrong])
    if isinstance(value, dict) and value:
        inner = st.fixed_dictionaries({name: broken_values(item, is_alone=False) for name, item in value.items()})
        return st.one_of(inner, st.sampled_from(plain))
    return st.one_of(mixed, st.sampled_from(plain)) if isinstance(value, list) else st.sampled_from([*plain, items])


@st.composite
def broken_form(draw: st.DrawFn, members: dict[str, Any]) -> bytes:
    return urlencode(draw(broken_pairs(members)), errors="replace").encode()


@st.composite
def broken_pairs(draw: st.DrawFn, members: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields of a form: repeated with another value, or with digits, nothing, or JSON of wrong types as their text."""
    wrong = st.sampled_from([DIGITS, "", "null", '["a", 5]', '{"a": null}', "a"])
    pairs = [(name, as_text(value)) for name, value in members.items()]
    return [pair for name, text in pairs for pair in ((name, text), *([(name, draw(wrong))] * draw(st.integers(0, 2))))]


@st.composite
def broken_parts(draw: st.DrawFn, members: dict[str, Any]) -> bytes:
    """A form with two files, under one name or under two, before or after the fields: both orders have their rules."""
    fields = [(name, None, text) for name, text in draw(broken_pairs(members))]
    second = draw(st.one_of(st.just("file"), st.sampled_from(sorted(members))))
    files = [("file", "1.bin", "bytes"), (second, "2.bin", "bytes")]
    return multipart(*draw(st.sampled_from([[*files, *fields], [*fields, *files]])))


@st.composite
def broken_query(draw: st.DrawFn, query: dict[str, Any], verb: str, path: str) -> dict[str, Any]:
    """Each parameter of the schema, repeated or with digits or nothing as its value."""
    parameters = document()["paths"][path][verb].get("parameters", [])
    known = dict.fromkeys(item["name"] for item in parameters if item["in"] == "query")
    chosen = list(known) if draw(st.booleans()) else [name for name in known if draw(st.booleans())]
    values = st.sampled_from([["1", "a"], ["a", "a"], DIGITS, "-" + DIGITS, "", "null", "1" + "0" * 30])
    return query | {name: draw(values) for name in chosen}


BROKEN_BODIES: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[bytes]]] = {
    "application/json": broken_json,
    FORM_TYPE: broken_form,
    MULTIPART_TYPE: broken_parts,
}


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
