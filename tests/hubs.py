"""Start a hub as `make run` does: with its own process, port and data directory, on the embedded defaults.

The first start of a hub migrates a database, collects static files and loads the demo, which takes more work than most
tests. `start` therefore copies a data directory that one hub has prepared for the whole test run. There is nothing to
prepare in a copy, so the hub starts as the server that `manage.py serve` becomes at its end, which loads the code once
instead of twice. `tests/live/test_serve.py` tests the command itself.
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
    # Without PYTHONUNBUFFERED, because the output of a hub must not get lost in an ordinary shell either.
    kept = {name: value for name, value in os.environ.items() if name not in {*SERVICES, "PYTHONUNBUFFERED"}}
    return kept | {"RELEASEHUB_DATA_DIR": str(data), "RELEASEHUB_MIN_FREE_BYTES": "0"} | extra


def serve(data: Path, port: int, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `serve` to its end; for starts that are refused."""
    return subprocess.run(
        serve_command(port),
        cwd=ROOT,
        env=environment(data, **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class PreparedData:
    """The data directory after the first start of a hub. All processes of a test run share it."""

    folder: Path  # set once in each process, see `prepared_data` in conftest.py

    @classmethod
    def copy_to(cls, data: Path, demo: str) -> dict[str, str]:
        """Fill an empty data directory, and return the login that the first start printed if it loaded the demo."""
        first = cls.first_start()
        if demo == "0":
            migrated_database.copy_to(data / "releasehub.sqlite3")
            return {}
        shutil.copytree(first, data, dirs_exist_ok=True)
        return dict(LOGIN.findall((data / "serve.log").read_text()))

    @classmethod
    def static_files(cls) -> Path:
        """Return the folder of the static files that the first start collected, which the copies share."""
        return cls.folder / "static"

    @classmethod
    def first_start(cls) -> Path:
        """Return the data directory, without the static files. The first process that asks starts the hub."""
        first = cls.folder / "first-start"
        cls.folder.mkdir(exist_ok=True)
        with (cls.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not first.exists():
                unfinished = first.with_suffix(".unfinished")
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                assert start(unfinished, fresh=True).stop() == 0
                (unfinished / "static").rename(cls.static_files())
                unfinished.rename(first)
        return first


def start(
    data: Path, *, inside: tuple[str, ...] = (), fresh: bool = False, through_serve: bool = False, **extra: str
) -> Hub:
    """Start a hub and wait until it answers.

    Args:
        data: The data directory. An empty one is filled with a prepared copy.
        inside: A command that runs the server as its arguments, such as one that makes a namespace.
        fresh: Whether the hub prepares its empty data directory by itself.
        through_serve: Whether a hub in a prepared copy starts with `manage.py serve`, too, as all others do.
        extra: Environment variables.
    """
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    printed, command = {}, serve_command(port)
    if not fresh and not any(data.iterdir()):
        printed = PreparedData.copy_to(data, extra.get("RELEASEHUB_DEMO", "1"))
        extra = {"RELEASEHUB_STATIC_DIR": str(PreparedData.static_files())} | extra
        command = command if through_serve else server_command(port)
    log = data / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*inside, *command],
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


def serve_command(port: int) -> list[str]:
    return [sys.executable, "manage.py", "serve", "--port", str(port)]


def server_command(port: int) -> list[str]:
    """Return the command that becomes the server as `manage.py serve` does, without preparing anything."""
    script = f"from releasehub.server.command import become_server; become_server('127.0.0.1', {port}, has_worker=True)"
    return [sys.executable, "-c", script]


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
