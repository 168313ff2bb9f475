"""The command line against a real hub with local storage: `manage.py serve`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import ROOT, Hub, start

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"))
    yield running
    running.stop()


def begin(hub: Hub, *words: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "releasehub.cli", "--url", hub.url, "--key", hub.printed["API key"], *words, "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(cwd / "state"), "XDG_CONFIG_HOME": str(cwd / "config")},
    )


def call(hub: Hub, *words: str, cwd: Path) -> tuple[int, Any, str]:
    """Exit code, what `--json` printed, and stderr."""
    process = begin(hub, *words, cwd=cwd)
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out), err


def test_a_release_goes_up_and_comes_down_again(hub: Hub, tmp_path: Path, files: Callable[..., Path]) -> None:
    small, big = files("tool-9.0.0-linux-x64.bin", 3000), files("tool-9.0.0-windows-x64.bin", 70 * MEBIBYTE)
    publish = ("publish", str(small), str(big), "--download", "packsmith", "--version", "9.0.0")
    code, data, err = call(hub, *publish, cwd=tmp_path)
    assert code == 0, err
    assert data["published"] is True
    digests = {file["filename"]: file["sha256"] for file in data["files"]}
    assert digests == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (small, big)}
    code, data, err = call(hub, *publish, cwd=tmp_path)
    assert (code, {file["done"] for file in data["files"]}) == (0, {"present"}), err
    code, data, err = call(hub, "download", "packsmith@9.0.0", "--platform", "windows-x64", cwd=tmp_path)
    assert (code, data["verified"]) == (0, True), err
    assert (tmp_path / big.name).read_bytes() == big.read_bytes()
    verify = ("verify", str(small), str(big), "--download", "packsmith", "--version", "9.0.0")
    assert call(hub, *verify, cwd=tmp_path)[0] == 0
    assert call(hub, "yank", "packsmith@9.0.0", "--reason", "a test", cwd=tmp_path)[0] == 0
    assert call(hub, "promote", "packsmith@9.0.0", "--to", "beta", cwd=tmp_path)[0] in {0, 7}
    assert call(hub, "publish", str(small), "--download", "nope", "--version", "1.0", cwd=tmp_path)[0] == 6


def test_killed_upload_is_finished_by_the_next_run(hub: Hub, tmp_path: Path, files: Callable[..., Path]) -> None:
    big = files("tool-9.1.0-linux-x64.bin", 120 * MEBIBYTE)
    publish = ("publish", str(big), "--download", "packsmith", "--version", "9.1.0", "--parallel", "2")
    process = begin(hub, *publish, cwd=tmp_path)
    wait_for_bytes(hub, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    code, data, err = call(hub, *publish, cwd=tmp_path)
    assert code == 0, err
    assert "going on with upload" in err
    assert data["files"][0]["sha256"] == hashlib.sha256(big.read_bytes()).hexdigest()


def wait_for_bytes(hub: Hub, process: subprocess.Popen[str]) -> None:
    """Until the hub has more than a part of it on its disk."""
    before = sum(path.stat().st_size for path in hub.stored_files())
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            if sum(path.stat().st_size for path in hub.stored_files()) > before + 20 * MEBIBYTE:
                return
        time.sleep(0.005)
