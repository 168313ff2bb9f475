"""A hub as `make run` starts it: its own process, port and data directory, on the embedded defaults."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.services.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {"DATABASE_URL", "REDIS_URL", "RELEASEHUB_STORAGE", "DJANGO_SETTINGS_MODULE", "RELEASEHUB_DATABASE_POOL"}
START_SECONDS = 300  # on a machine with every core busy; a start that fails ends the wait at once


@dataclass
class Hub:
    process: subprocess.Popen[str]
    port: int
    data: Path
    log: Path
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code, after at most ten seconds."""
        self.process.send_signal(number)
        return self.process.wait(10)

    def end(self) -> None:
        """End the process in any case."""
        if self.process.poll() is not None:
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # its workers too
            self.process.wait()

    def stored_files(self) -> list[Path]:
        return [path for path in (self.data / "files").rglob("*") if path.is_file()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, **extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SERVICES}
    return kept | {"RELEASEHUB_DATA_DIR": str(data), "RELEASEHUB_MIN_FREE_BYTES": "0"} | extra


def serve(data: Path, port: int, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `serve` to its end; for starts that are refused."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(data, **extra), capture_output=True, text=True, timeout=60, check=False
    )


def start(data: Path, *, inside: tuple[str, ...] = (), **extra: str) -> Hub:
    """`inside`: a command that runs the server as its arguments, such as one that makes a namespace."""
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*inside, sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment(data, **extra),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # also when pytest itself is killed
        )
    hub = Hub(process, port, data, log)
    try:
        wait_until_ready(hub)
    except BaseException:
        hub.end()
        raise
    hub.printed = dict(re.findall(r"^  (User|Password|API key): +(\S+)$", log.read_text(), re.MULTILINE))
    return hub


def wait_until_ready(hub: Hub) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert hub.process.poll() is None, hub.log.read_text()
        try:
            assert all(hub.get("/readyz").values())
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(hub.log.read_text())


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"))
    try:
        yield running
    finally:
        running.end()
