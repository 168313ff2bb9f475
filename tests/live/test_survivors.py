"""No server outlives the test that started it, however the start ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import hubs
from tests.services.processes import children, end_survivors

pytestmark = pytest.mark.embedded


def test_a_refused_start_leaves_no_process(tmp_path: Path) -> None:
    before = children()
    with pytest.raises(AssertionError, match="RELEASEHUB_STORAGE"):
        hubs.start(tmp_path, fresh=True, RELEASEHUB_STORAGE="tape")
    assert end_survivors(before) == []


def test_an_interrupted_start_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(hub: hubs.Hub) -> None:
        assert hub.process.poll() is None
        raise KeyboardInterrupt

    monkeypatch.setattr(hubs, "wait_until_ready", interrupt)
    before = children()
    with pytest.raises(KeyboardInterrupt):
        hubs.start(tmp_path, fresh=True)
    assert end_survivors(before) == []


def test_surviving_process_is_found_and_stopped() -> None:
    before = children()
    command = [sys.executable, "-c", "input(1)"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        process.stdout.read(1)  # before that, the system may not show its command line
        assert end_survivors(before) == [f"{process.pid}: {sys.executable} -c input(1) "]
        assert end_survivors(before) == []
        process.wait()
