"""Start a hub as `make run` does: with its own process, port and data directory, on the embedded defaults.

The first start of a hub migrates a database, collects static files and loads the demo, which takes more work than most
tests. `start` therefore copies a data directory that one hub has prepared for the whole test run.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import migrated_database
from tests.services.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[1]
SERVICES = {"DATABASE_URL", "REDIS_URL", "RELEASEHUB_STORAGE", "DJANGO_SETTINGS_MODULE", "RELEASEHUB_DATABASE_POOL"}
LOGIN = re.compile(r"^  (User|Password|API key): +(\S+)$", re.MULTILINE)
START_SECONDS = 900  # for a busy machine; a failed start ends the wait immediately


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
        with urllib.request.urlopen(self.url + path, timeout=180) as answer:
            return json.load(answer)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal, and return the exit code. The time limit only ends a run that hangs."""
        self.process.send_signal(number)
        return self.process.wait(120)

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


class PreparedData:
    """Data directories after the first start, with and without the demo. All processes of a test run share them."""

    folder: Path  # set once in each process, see `prepared_data` in conftest.py

    @classmethod
    def copy_to(cls, data: Path, demo: str) -> dict[str, str]:
        """Fill an empty data directory, and return the login that the first start printed."""
        source = cls.folder / f"demo-{demo}"
        cls.folder.mkdir(exist_ok=True)
        with (cls.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not source.exists():
                cls._prepare(source, demo)
        shutil.copytree(source, data, dirs_exist_ok=True)
        return dict(LOGIN.findall((data / "serve.log").read_text()))

    @staticmethod
    def _prepare(source: Path, demo: str) -> None:
        unfinished = source.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        migrated_database.copy_to(unfinished / "releasehub.sqlite3")
        start(unfinished, fresh=True, RELEASEHUB_DEMO=demo).stop()
        unfinished.rename(source)


def start(data: Path, *, inside: tuple[str, ...] = (), fresh: bool = False, **extra: str) -> Hub:
    """Start a hub and wait until it answers.

    Args:
        data: The data directory. An empty one is filled with a prepared copy.
        inside: A command that runs the server as its arguments, such as one that makes a namespace.
        fresh: Whether the hub prepares its empty data directory by itself.
        extra: Environment variables.
    """
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    is_first = not any(data.iterdir())
    printed = {} if fresh or not is_first else PreparedData.copy_to(data, extra.get("RELEASEHUB_DEMO", "1"))
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
    hub = Hub(process, port, data, log, printed)
    try:
        wait_until_ready(hub)
    except BaseException:
        hub.end()
        raise
    hub.printed = hub.printed or dict(LOGIN.findall(log.read_text()))
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
