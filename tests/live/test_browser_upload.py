"""A large file from the browser straight to S3: paused, reloaded and resumed.

`BROWSER_UPLOAD_MIB` (32) is its size.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from releasehub.pages.desk.uploads import PART_BYTES
from tests.hubs import Hub, start
from tests.live.relay import Relay

MIB = 1024 * 1024
SIZE_MIB = int(os.environ.get("BROWSER_UPLOAD_MIB", "32"))
TIMEOUT_MS = 1_800_000
pytestmark = pytest.mark.skipif(
    settings.STORAGE_KIND != "s3", reason="This test needs the S3 server of make test-services."
)


@pytest.fixture
def empty_hub(relay: Relay, tmp_path: Path) -> Iterator[Hub]:
    """A hub without the demo, whose browsers send the parts of their uploads through the relay."""
    storage = {"RELEASEHUB_STORAGE": "s3", "AWS_S3_ENDPOINT_URL": relay.url}
    # `serve` prints the link to set up the hub.
    running = start(tmp_path / "hub", through_serve=True, RELEASEHUB_DEMO="0", **storage)
    yield running
    running.stop()


def test_upload_is_paused_reloaded_and_resumed_without_a_part_sent_twice(
    page: Any, empty_hub: Hub, relay: Relay, tmp_path: Path
) -> None:
    path = tmp_path / "engine-7.0-linux-x64.bin"
    digest = write_file(path)
    page.set_default_timeout(TIMEOUT_MS)
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave the running upload
    open_version(page, empty_hub)
    started = time.monotonic()
    page.locator("#id_file").set_input_files(path)
    wait_for_parts(page, relay, part_count() // 4)
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("paused", exact=True).wait_for()
    page.reload()
    page.get_by_text("choose the same file again").wait_for()
    before_reload = len(relay.accepted)
    page.locator("#id_file").set_input_files(path)
    wait_for_parts(page, relay, before_reload + 1)
    page.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    print(f"\n{SIZE_MIB} MiB in {time.monotonic() - started:.0f} s: {part_count()} parts with", end=" ")
    print(f"{sum(relay.begun.values())} PUT requests, {before_reload} parts before the reload")
    assert relay.begun.keys() == set(range(1, part_count() + 1))
    assert max(relay.accepted.values()) == 1
    # The pause ends one request. Its part may have arrived whole, and is sent again otherwise.
    assert sum(relay.begun.values()) <= part_count() + 1
    assert len(relay.accepted) >= part_count() - 1
    page.locator("#files code", has_text=digest[:12]).wait_for()


def part_count() -> int:
    return -(-SIZE_MIB * MIB // PART_BYTES)


def write_file(path: Path) -> str:
    """Fill the file, and return its SHA-256. No two of its parts are equal."""
    digest = hashlib.sha256()
    with path.open("wb") as handle:
        for number in range(SIZE_MIB):
            block = hashlib.shake_128(str(number).encode()).digest(MIB)
            digest.update(block)
            handle.write(block)
    return digest.hexdigest()


def open_version(page: Any, hub: Hub) -> None:
    """Set up the empty hub, and create a version to upload to."""
    link = re.search(r"/account/set-up/\S+", hub.log.read_text())
    assert link is not None
    page.goto(hub.url + link[0])
    page.locator("[name=password]").fill("correct-horse-42")
    page.locator("[name=category]").fill("Engines")
    page.get_by_role("button", name="Set up").click()
    page.get_by_text("Your hub is ready.").wait_for()
    page.goto(f"{hub.url}/account/downloads/new/")
    page.get_by_label("Title").fill("Large Engine")
    page.get_by_role("button", name="Create download").click()
    page.get_by_role("link", name="New version").click()
    page.get_by_role("button", name="Create version and add files").click()


def wait_for_parts(page: Any, relay: Relay, count: int) -> None:
    """Wait until so many parts are stored. The waits let the browser work; they are not a limit."""
    while len(relay.accepted) < count:
        page.wait_for_timeout(20)
