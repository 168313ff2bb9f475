"""Receivers get absolute URLs in every format, also from a hub whose public URL is not set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks import formats
from releasehub.webhooks.models import Endpoint, Event
from tests.factories import make_download, make_file, make_version, system
from tests.factories.community import make_comment, make_review

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Format = Endpoint.Format
BASE = "http://hub.example.org"


def urls_of(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values of all members whose name says that they are URLs."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from urls_of(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from urls_of(item, name)
    elif value and name.rpartition("[")[2].rstrip("]").lower().endswith("url"):
        yield name, value


@pytest.fixture
def events(settings: Any) -> list[Event]:
    """One event about each kind of object, on a hub that knows only a host name."""
    settings.PUBLIC_URL, settings.FALLBACK_URL = "", BASE
    download = make_download(title="Tool")
    version = make_version(download, "1.0", state="draft")
    make_file(version, name="tool.zip")
    move(Move.PUBLISH, actor=system(), version=version)
    make_comment(download)
    make_review(download)
    kinds = {event.object_type: event for event in Event.objects.order_by("id")}
    assert kinds.keys() == {"download", "version", "file", "comment", "review"}
    return list(kinds.values())


@pytest.mark.parametrize("format_", Format.values)
def test_urls_are_absolute(events: list[Event], format_: str) -> None:
    found = []
    for event in events:
        if formats.name_of(format_, event.type, event.data) is None:
            continue
        body = formats.render(format_, event)
        content = dict(parse_qsl(body)) if format_ == Format.MC_DM_FORM else json.loads(body)
        found += list(urls_of(content))
        assert BASE in json.dumps(content), event.type
    relative = [(name, url) for name, url in found if not url.startswith(("http://", "https://"))]
    assert relative == []


def test_standard_events_contain_the_page_of_each_object(events: list[Event]) -> None:
    bodies = {event.object_type: json.loads(formats.render(Format.STANDARD, event))["data"] for event in events}
    page = BASE + bodies["download"]["path"]
    assert bodies["download"]["url"] == page
    assert bodies["comment"]["download"]["url"] == page
    assert bodies["file"]["version"]["url"] == bodies["version"]["url"] == f"{page}1.0/"
    assert "url" not in Event.objects.filter(object_type="version").latest("id").data
