"""The first minutes with an empty hub, in a real browser on the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hubs import Hub, start

pytestmark = pytest.mark.embedded
MAX_CLICKS = 20


@pytest.fixture
def empty_hub(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub without the demo; it asks for the browser first, so nothing starts without Chromium."""
    running = start(tmp_path_factory.mktemp("empty"), RELEASEHUB_DEMO="0")
    try:
        yield running
    finally:
        running.end()


def test_newcomer_sets_up_the_hub_and_publishes_a_file_in_few_clicks(visitor: Any, empty_hub: Hub) -> None:
    clicks = 0

    def click(role: str, name: str) -> None:
        nonlocal clicks
        clicks += 1
        visitor.get_by_role(role, name=name).first.click()

    link = re.search(r"http://\S+/account/set-up/\S+", empty_hub.log.read_text())
    assert link is not None
    visitor.goto(link[0].replace("localhost", "127.0.0.1"))
    for name, value in {
        "site_name": "Acme",
        "username": "ann",
        "password": "correct-horse-42",
        "category": "Tools",
    }.items():
        visitor.locator(f"[name={name}]").fill(value)
    click("button", "Set up")
    click("link", "Create your first download")
    visitor.get_by_label("Title").fill("Acme Tool")
    click("button", "Create download")
    click("link", "New version")
    click("button", "Create version and add files")
    visitor.locator("#id_file").set_input_files({"name": "tool.bin", "mimeType": "", "buffer": b"The first release."})
    visitor.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    click("button", "Publish now")
    visitor.get_by_text("The version was published.").wait_for()
    assert clicks + 2 <= MAX_CLICKS  # two more to choose the file
    visitor.goto(f"{empty_hub.url}/")
    visitor.get_by_role("link", name="Acme Tool").first.wait_for()
