"""A large file straight to S3 by the command line, killed in the middle and resumed from another directory.

`LARGE_UPLOAD_MIB` (160) is its size.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.hubs import ROOT, Hub, start

MIB = 1024 * 1024
SIZE_MIB = int(os.environ.get("LARGE_UPLOAD_MIB", "160"))
PART = re.compile(rb"^PUT \S*[?&]partNumber=(\d+)\S* HTTP/1.1\r\n")
pytestmark = pytest.mark.skipif(
    settings.STORAGE_KIND != "s3", reason="This test needs the S3 server of make test-services."
)


class Relay:
    """Stands between clients and the store, and counts which parts arrived whole."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.accepted: Counter[int] = Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        part = 0
        with client, socket.create_connection(self.target) as store, selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, store)
            ready.register(store, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    source: Any = key.fileobj
                    try:
                        data = source.recv(256 * 1024)
                        if source is client and (found := PART.match(data)):
                            part = 0 if b"x-amz-copy-source" in data.lower() else int(found[1])  # copies hold no bytes
                        elif source is store and part and data.startswith(b"HTTP/1.1 200"):
                            self.accepted[part] += 1
                            part = 0
                        key.data.sendall(data)
                    except OSError:
                        return
                    if not data:
                        return


@pytest.fixture
def relay() -> Iterator[Relay]:
    host, _, port = os.environ["AWS_S3_ENDPOINT_URL"].partition("://")[2].partition(":")
    running = Relay((host, int(port)))
    yield running
    running.listener.close()


@pytest.fixture
def hub(relay: Relay, tmp_path: Path) -> Iterator[Hub]:
    running = start(tmp_path / "hub", fresh=True, RELEASEHUB_STORAGE="s3", AWS_S3_ENDPOINT_URL=relay.url)
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
    assert resident_mib(hub.process.pid) < 256
