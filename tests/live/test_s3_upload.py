"""A large file straight to S3 by the command line, killed in the middle and resumed from another directory.

`LARGE_UPLOAD_MIB` (128) is its size.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.hubs import ROOT, Hub, start
from tests.live.relay import Relay

MIB = 1024 * 1024
SIZE_MIB = int(os.environ.get("LARGE_UPLOAD_MIB", "128"))
pytestmark = pytest.mark.skipif(
    settings.STORAGE_KIND != "s3", reason="This test needs the S3 server of make test-services."
)


@pytest.fixture
def hub(relay: Relay, tmp_path: Path) -> Iterator[Hub]:
    running = start(tmp_path / "hub", RELEASEHUB_STORAGE="s3", AWS_S3_ENDPOINT_URL=relay.url)
    yield running
    running.stop()


def releasehub(hub: Hub, home: Path, *words: str) -> subprocess.Popen[str]:
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "releasehub_cli", "--url", hub.url, "--key", hub.printed["API key"], *words, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env={"PYTHONPATH": str(ROOT / "cli"), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)},
    )


def resident_mib(process: int) -> int:
    """The largest resident memory of a process and its children so far."""
    peak = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text()
        except OSError:
            continue
        if f"\nPPid:\t{process}\n" in text or f"\nPid:\t{process}\n" in text:
            peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", text)[1]) // 1024)  # type: ignore[index]
    return peak


def test_resumed_upload_sends_no_part_twice(hub: Hub, relay: Relay, tmp_path: Path) -> None:
    path = tmp_path / "engine-7.0-linux-x64.bin"
    digest = hashlib.sha256()
    with path.open("wb") as handle:
        for number in range(SIZE_MIB):
            block = hashlib.shake_128(str(number).encode()).digest(MIB)
            digest.update(block)
            handle.write(block)
    publish = ("publish", str(path), "--download", "packsmith", "--version", "7.0.0", "--parallel", "2")
    before = resident_mib(hub.process.pid)
    first = releasehub(hub, tmp_path / "one", *publish)
    while sum(relay.accepted.values()) < SIZE_MIB // 16 // 2 and first.poll() is None:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=120)
    upload_id = next(iter(json.loads(next((tmp_path / "one").rglob("uploads.json")).read_text()).values()))
    upload_id = upload_id if isinstance(upload_id, str) else upload_id["id"]
    started = time.monotonic()
    second = releasehub(hub, tmp_path / "two", "upload", "--resume", upload_id, str(path))
    out, err = second.communicate(timeout=600)
    assert second.returncode == 0, err
    print(
        f"\n{SIZE_MIB} MiB: resumed and verified in {time.monotonic() - started:.1f} s; web and worker in one process:"
    )
    print(f"{before} MiB before, {resident_mib(hub.process.pid)} MiB at most")
    assert max(relay.accepted.values()) == 1
    assert len(relay.accepted) >= SIZE_MIB // 16 - 2  # parts that two killed senders were sending may have arrived
    last = releasehub(hub, tmp_path / "two", *publish)
    out, err = last.communicate(timeout=600)
    assert last.returncode == 0, err
    assert json.loads(out)["files"][0]["sha256"] == digest.hexdigest()
    fetched = releasehub(hub, tmp_path / "three", "download", "packsmith@7.0.0", "--file", path.name, "--verify")
    out, err = fetched.communicate(timeout=600)
    assert fetched.returncode == 0, err
    with (tmp_path / "three" / path.name).open("rb") as handle:
        assert hashlib.file_digest(handle, "sha256").hexdigest() == digest.hexdigest()
    # The process holds some parts of 16 MiB, and never the file. How much it has before depends on its packages.
    assert resident_mib(hub.process.pid) < before + 7 * 16
