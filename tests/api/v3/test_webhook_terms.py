"""Translation of event names between this dialect and the hub."""

import pytest

from releasehub.api.v3.webhook_terms import EVENTS, TEST, from_filter, from_type, to_filter, to_type
from releasehub.core.foreign import split_names
from releasehub.webhooks.event_names import name_of
from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import matches_filter

pytestmark = pytest.mark.embedded
DOCUMENTED = {"release.created", "release.updated", "releaseFile.created"}
UNKNOWN = ("release", "release.*", "*", "version.created", "download.created", TEST, "release.x\x00", "")
INFERRED = {"release.published", "release.deleted", "release.archived", "releaseFile.deleted"}


def test_documented_event_names_exist() -> None:
    assert set(EVENTS) >= DOCUMENTED | INFERRED


@pytest.mark.parametrize("name", EVENTS)
def test_event_names_round_trip(name: str) -> None:
    assert from_filter(to_filter([name, name])) == [name]
    assert from_type(to_type(name)) == name


@pytest.mark.parametrize("event_type", [to_type(name) for name in (*EVENTS, TEST)])
def test_event_names_match_the_payloads(event_type: str) -> None:
    assert from_type(event_type) == name_of("v3", event_type, {})


def test_selecting_all_events_stores_an_empty_filter() -> None:
    assert from_filter(to_filter(EVENTS)) == list(EVENTS)


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_events_match_nothing(name: str) -> None:
    known, foreign = split_names([name, "release.created"], EVENTS)
    assert (to_filter(known), foreign) == (["version.created"], [name])
    no_events = to_filter([])
    assert from_filter(no_events) == []
    assert not any(matches_filter(no_events, event, is_hard=True) for event in EventType.values if event != TEST)


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ([], list(EVENTS)),
        (["*"], list(EVENTS)),
        (["download.*"], []),
        (["file.*"], [name for name in EVENTS if name.startswith("releaseFile.")]),
        (["version.deleted.hard", "file.created"], ["release.deleted", "releaseFile.created"]),
    ],
)
def test_filters_created_elsewhere_are_shown_in_v3_names(filter_: list[str], names: list[str]) -> None:
    assert from_filter(filter_) == names
