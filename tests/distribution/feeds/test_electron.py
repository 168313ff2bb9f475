"""The writer of electron-updater's feed: its bytes, compared with golden files, and what parsers read in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from releasehub.distribution.feeds.electron import write_feed
from releasehub.distribution.feeds.release import FeedFile, FeedNote, FeedRelease

pytestmark = pytest.mark.embedded

GOLDEN = Path(__file__).parent / "golden"
RELEASED = datetime(2026, 3, 1, 12, 30, 15, 678900, tzinfo=UTC)
SETUP = FeedFile(url="https://hub.example/d/app/2.0.0/App%20Setup%202.0.0.exe", sha512="ab" * 64, size_bytes=1234)
IMAGE = FeedFile(
    url="https://hub.example/d/app/2.0.0/App-2.0.0.AppImage", sha512="cd" * 64, size_bytes=9999, block_map_bytes=321
)
LINK = FeedFile(url="https://hub.example/d/app/2.0.0/app.deb", sha512="ef" * 64, size_bytes=0)
NOTES = (FeedNote("2.0.0", "Faster.\n\n- Fixes a crash\n"), FeedNote("1.0.0", "First."))
HOSTILE = "a: b # c\n---\n\"q\" 'q' %41 ]]> <x> \\n\t\u2028\u0085\ufeff é 漢 😀 {} [] & * ! | > @ `\r\n..."


def release(**fields: Any) -> FeedRelease:
    values = {"number": "2.0.0", "title": "App 2.0.0", "released_at": RELEASED, "files": (SETUP,)} | fields
    return FeedRelease(**values)


CASES = {
    "windows": write_feed(release(notes=NOTES[:1])),
    "linux_staged": write_feed(release(files=(IMAGE, LINK), rollout_percent=20)),
    "all_notes": write_feed(release(notes=NOTES), lists_notes=True),
    "nothing": write_feed(None),
}


@pytest.mark.parametrize("name", CASES)
def test_feed_matches_its_golden_file(name: str) -> None:
    assert CASES[name].decode() == (GOLDEN / f"{name}.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [HOSTILE, "1e3", "0o17", "12:30:45", "no", "null", "~", "=", "-", ""])
def test_texts_survive_a_parser_unchanged(text: str) -> None:
    feed = yaml.safe_load(write_feed(release(title=text, notes=(FeedNote("2.0.0", text or "x"),))))
    assert (feed["releaseName"], feed["releaseNotes"]) == (text, text or "x")


def test_every_scalar_is_quoted_as_json_would_quote_it_or_is_a_number() -> None:
    for line in CASES["linux_staged"].decode().splitlines():
        _, _, value = line.partition(": ")
        assert not value or json.loads(value) is not None


def test_rollout_to_everyone_is_left_out_and_to_nobody_is_written() -> None:
    assert "stagingPercentage" not in yaml.safe_load(write_feed(release(rollout_percent=100)))
    assert yaml.safe_load(write_feed(release(rollout_percent=0)))["stagingPercentage"] == 0


def test_feed_without_a_version_is_offered_to_nobody() -> None:
    feed = yaml.safe_load(write_feed(None))
    assert (feed["version"], feed["stagingPercentage"], feed["files"]) == ("0.0.0", 0, [])
