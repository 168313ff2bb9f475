"""Tests of event filters and of form encoding."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import NAMES, expand_names, matches_filter, single_names
from releasehub.webhooks.forms import form_encoded

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("names", "soft", "hard"),
    [
        ([], True, True),
        (["*"], True, True),
        (["version.*"], True, True),
        (["version.deleted"], True, True),
        (["version.deleted.soft"], True, False),
        (["version.deleted.hard"], False, True),
        (["file.deleted"], False, False),
    ],
)
def test_filter_distinguishes_soft_and_hard_deletions(names: list[str], soft: bool, hard: bool) -> None:
    assert matches_filter(names, "version.deleted", is_hard=False) == soft
    assert matches_filter(names, "version.deleted", is_hard=True) == hard


@given(st.lists(st.sampled_from(sorted(NAMES)), min_size=1), st.sampled_from(EventType.values), st.booleans())
def test_expanded_filter_matches_the_same_events(names: list[str], event: str, is_hard: bool) -> None:
    assert matches_filter(expand_names(names), event, is_hard=is_hard) == matches_filter(names, event, is_hard=is_hard)


def test_single_names_cover_every_event_of_an_object_type() -> None:
    for event in EventType.values[:-1]:
        kind = event.partition(".")[0]
        assert matches_filter(single_names(kind), event, is_hard=False)


def test_form_body_has_the_expected_fields() -> None:
    body = {
        "event": "update",
        "data": {"User": {"user_id": 7}, "tags": ["a", "b"], "on": True, "off": False, "no": None},
    }
    assert parse_qsl(form_encoded(body)) == [
        ("event", "update"),
        ("data[User][user_id]", "7"),
        ("data[tags][0]", "a"),
        ("data[tags][1]", "b"),
        ("data[on]", "1"),
        ("data[off]", "0"),
    ]


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text("abc", min_size=1), inner), max_leaves=8))
def test_form_is_ascii_and_preserves_text(value: Any) -> None:
    text = form_encoded({"data": value})
    assert text.isascii()
    assert [found for _, found in parse_qsl(text, keep_blank_values=True)] == list(leaves(value))


def leaves(value: Any) -> Any:
    if isinstance(value, str):
        yield value.encode("utf-8", "replace").decode()
    else:
        for inner in value.values():
            yield from leaves(inner)
