"""The names of the dialect and those of the hub translate into each other, in both directions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasehub.api.mc_dm.foreign_terms import foreign_criteria, foreign_events, with_foreign_events
from releasehub.api.mc_dm.webhook_terms import (
    CONTENT_TYPES,
    UnknownTerm,
    from_criteria,
    from_filter,
    from_format,
    to_criteria,
    to_filter,
    to_format,
)
from releasehub.webhooks.event_names import name_of
from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import KINDS, NAMES, TRAFFIC, matches_filter, single_names

pytestmark = pytest.mark.embedded

EVENTS = [
    (name, is_hard)
    for name in EventType.values
    for is_hard in (False, True)
    if name.partition(".")[0] in (*KINDS, TRAFFIC)
]
SCALARS = st.one_of(st.integers(0, 9), st.booleans(), st.none(), st.sampled_from(["stable", "passed", "draft"]))
FIELDS = st.sampled_from(
    ["category_id", "download.category_id", "version.download.category_id", "state", "validation_status", "channel"]
    + ["rating"] * 3
)
VALUES = st.one_of(
    st.lists(SCALARS, max_size=3),
    st.sampled_from(
        [["published", "archived"], ["draft", "scheduled", "pending"], ["passed"], [True], [False, None]]
        + [list(range(low, high)) for low in range(7) for high in range(low + 1, 8)]
    ),
)
BLOCKS = st.dictionaries(FIELDS | st.just("is_password_protected"), VALUES, max_size=4)


def wanted(names: Any) -> list[tuple[str, bool]]:
    return [(name, is_hard) for name, is_hard in EVENTS if matches_filter(names, name, is_hard=is_hard)]


@given(st.lists(st.sampled_from(sorted(NAMES)), max_size=6))
def test_filter_round_trips_unchanged(names: list[str]) -> None:
    shown = from_filter(names)
    if shown:
        assert wanted(to_filter(shown)) == wanted(names)
        assert from_filter(to_filter(shown)) == shown
    else:
        assert wanted(names) == []


@given(st.dictionaries(st.sampled_from(KINDS), BLOCKS))
def test_criteria_round_trip_unchanged(criteria: dict[str, Any]) -> None:
    """Compare the JSON, because 1 equals True in Python."""
    again = to_criteria(from_criteria(criteria))
    assert json.dumps(again, sort_keys=True) == json.dumps(criteria, sort_keys=True)


@pytest.mark.parametrize(("event", "is_hard"), EVENTS)
def test_subscribed_name_receives_its_events(event: str, is_hard: bool) -> None:
    """`insert`, `update`, `delete`, `publish` and `unpublish` select exactly the events with these names."""
    kind = event.partition(".")[0]
    sent = name_of("mc_dm", event, {"hard": is_hard and event.endswith("deleted"), "state": "published"})
    for name in ("insert", "update", "delete", "publish", "unpublish"):
        if name in ("publish", "unpublish") and kind != "version":
            continue
        names = to_filter({f"mc_dm_{kind}": [name]})
        assert matches_filter(names, event, is_hard=is_hard) == (name == sent)


@pytest.mark.parametrize("star", ["*", ["*"]])
def test_star_selects_all_events_of_one_content_type(star: Any) -> None:
    assert to_filter({"mc_dm_file": star}) == ["file.*"]
    assert from_filter(["file.*"]) == {"mc_dm_file": "*"}


def test_star_of_downloads_includes_traffic_and_is_shown_only_then() -> None:
    assert to_filter({"mc_dm_download": "*"}) == ["download.*", "traffic.*"]
    assert from_filter(["download.*", "traffic.*"]) == {"mc_dm_download": "*"}
    assert from_filter(["download.*"]) == {"mc_dm_download": ["delete", "insert", "update"]}
    named = {"mc_dm_download": ["download_failed", "gate_failed", "insert"]}
    assert to_filter(named) == ["download.created", "traffic.failed", "traffic.gate_failed"]
    assert from_filter(to_filter(named)) == named


def test_empty_filter_is_shown_as_all_events_except_traffic() -> None:
    everything = dict.fromkeys(CONTENT_TYPES, "*") | {"mc_dm_download": ["delete", "insert", "update"]}
    assert from_filter([]) == from_filter(["*"]) == everything


def test_additional_events_name_one_kind_of_update() -> None:
    assert to_filter({"mc_dm_version": ["yanked", "soft_delete"]}) == ["version.deleted.soft", "version.yanked"]
    assert from_filter(single_names("file")) == {"mc_dm_file": ["delete", "insert", "update"]}


@pytest.mark.parametrize(
    "events",
    [
        {},
        {"mc_dm_version": []},
        {"mc_dm_version": {}},
        {"mc_dm_version": [1]},
        {"mc_dm_comment": 1},
    ],
)
def test_events_that_are_no_names_are_rejected(events: Any) -> None:
    with pytest.raises(UnknownTerm):
        to_filter(events)


@pytest.mark.parametrize("events", [{"mc_dm_thread": "*"}, {"mc_dm_file": ["publish"]}, {"mc_dm_download": ["rated"]}])
def test_unknown_events_match_nothing(events: Any) -> None:
    assert to_filter({"mc_dm_version": "insert"} | events) == ["version.created"]
    assert from_filter(to_filter(events)) == {}
    assert wanted(to_filter(events)) == []
    assert foreign_events({"mc_dm_version": "insert"} | events) == events


def test_unknown_events_are_merged_with_the_known_ones() -> None:
    events = {"mc_dm_version": ["featured", "insert"], "mc_dm_file": ["*", "viewed"], "thread": "*"}
    foreign = foreign_events(events)
    assert foreign == {"mc_dm_version": ["featured"], "thread": "*"}
    assert with_foreign_events(from_filter(to_filter(events)), foreign) == events | {"mc_dm_file": "*"}


@pytest.mark.parametrize(
    "criteria",
    [
        {"mc_dm_review": {"rating_min": 6}},
        {"mc_dm_review": {"rating_min": True}},
        {"mc_dm_review": {"rating_max": "3"}},
        {"mc_dm_review": {"rating_min": 4, "rating_max": 3}},
        {"mc_dm_comment": {"rating_min": 4}},
        {"mc_dm_version": []},
        {"mc_dm_version": {"published": "maybe"}},
        {"mc_dm_version": {"published": ["yes"]}},
        {"mc_dm_version": {"validation": "any"}},
        {"mc_dm_version": {"categories": "3"}},
        {"mc_dm_version": {"categories": [True]}},
        {"mc_dm_version": {"prefixes": [3]}},
        {"mc_dm_version": {"fields": []}},
        {"mc_dm_version": {"categories": [3], "fields": {"download.category_id": [4]}}},
    ],
)
def test_unknown_criteria_are_rejected(criteria: Any) -> None:
    with pytest.raises(UnknownTerm):
        to_criteria(criteria)


def test_criteria_of_unknown_content_types_restrict_nothing() -> None:
    criteria = {"mc_dm_thread": {"nodes": [1]}, "mc_dm_file": {}}
    assert (to_criteria(criteria), foreign_criteria(criteria)) == ({"file": {}}, {"mc_dm_thread": {"nodes": [1]}})


def test_prefixes_of_downloads_are_ids_and_0_is_none() -> None:
    criteria = {"mc_dm_download": {"prefixes": [3, 0]}}
    assert to_criteria(criteria) == {"download": {"prefix_id": [3, None]}}
    assert from_criteria(to_criteria(criteria)) == criteria


def test_criterion_any_matches_everything() -> None:
    block = {"published": "any", "categories": []}
    assert to_criteria({"mc_dm_version": block}) == {"version": {}}


@pytest.mark.parametrize(
    ("block", "ratings", "shown"),
    [
        ({"rating_min": 4}, [4, 5], {"rating_min": 4}),
        ({"rating_max": 2}, [1, 2], {"rating_min": 1, "rating_max": 2}),
        ({"rating_min": 3, "rating_max": 3}, [3], {"rating_min": 3, "rating_max": 3}),
        ({"rating_min": 0, "rating_max": None}, None, {}),
        ({"rating_min": 1, "rating_max": 5}, None, {}),
    ],
)
def test_bounds_of_ratings_are_stored_as_the_ratings_between(block: Any, ratings: Any, shown: Any) -> None:
    stored = to_criteria({"mc_dm_review": block})
    assert stored == {"review": {"rating": ratings} if ratings else {}}
    assert from_criteria(stored) == {"mc_dm_review": shown}


@pytest.mark.parametrize(
    ("current", "wanted_format", "content_type", "result"),
    [
        ("standard", "", "", "standard"),
        ("standard", "mc_dm", "form", "mc_dm_form"),
        ("mc_dm", "", "form", "mc_dm_form"),
        ("mc_dm_form", "mc_dm", "", "mc_dm_form"),
        ("mc_dm_form", "", "json", "mc_dm"),
        ("mc_dm_form", "v3", "", "v3"),
    ],
)
def test_format_and_content_type_map_to_one_stored_format(
    current: str, wanted_format: str, content_type: str, result: str
) -> None:
    assert to_format(current, wanted_format, content_type) == result
    assert to_format("standard", *from_format(result)) == result


def test_only_one_format_has_a_form() -> None:
    with pytest.raises(UnknownTerm):
        to_format("mc_dm_form", "v3", "form")
