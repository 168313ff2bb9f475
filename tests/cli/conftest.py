"""The command line against a live hub behind a proxy, in this process or as one of its own."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from releasehub_cli import progress, retrying, uploads
from releasehub_cli.app import cli
from tests.cli.proxy import Proxy
from tests.cli.shelf import Shelf
from tests.ended import Ended
from tests.hubs import Hub, start

PACKAGE = Path(__file__).resolve().parents[2] / "cli"


Run = Callable[..., Ended]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELEASEHUB_URL", "RELEASEHUB_API_KEY", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.01)
    monkeypatch.setattr(uploads, "POLL_SECONDS", (0.05,))
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Start one hub for all tests of the command line. Each test has its own download."""
    limits = {"RELEASEHUB_ANONYMOUS_RATE": "0"}
    running = start(tmp_path_factory.mktemp("hub"), DJANGO_SETTINGS_MODULE="tests.cli.settings", **limits)
    try:
        yield running
    finally:
        running.end()


@pytest.fixture(scope="session")
def api(hub: Hub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{hub.url}/api/", headers={"XF-Api-Key": hub.printed["API key"]}, timeout=60) as client:
        yield client


@pytest.fixture
def shelf(api: httpx.Client) -> Shelf:
    return Shelf(api)


@pytest.fixture
def proxy(hub: Hub) -> Iterator[Proxy]:
    running = Proxy(hub.port)
    yield running
    running.close()


@pytest.fixture
def anonymous() -> Run:
    """Run a command without any hub or key."""

    def run(*words: str, text: str = "") -> Ended:
        result = CliRunner().invoke(cli, words, input=text)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def run(proxy: Proxy, hub: Hub, anonymous: Run) -> Run:
    """Run a command with the URL of the proxy and a key of the hub."""
    given = ("--url", proxy.url, "--key", hub.printed["API key"])
    return lambda *words, text="": anonymous(*given, *words, text=text)


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """A file of so many random bytes, always the same for the same name."""

    def make(name: str, size: int = 1000, folder: str = "dist") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(name).randbytes(size))
        return path

    return make


@pytest.fixture
def begin(proxy: Proxy, hub: Hub) -> Start:
    """Start the command as a process of its own."""
    given = {"RELEASEHUB_URL": proxy.url, "RELEASEHUB_API_KEY": hub.printed["API key"], "PYTHONPATH": str(PACKAGE)}

    def start_process(*words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "releasehub_cli", *words],
            cwd=cwd,
            env=os.environ | given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=stop_ignoring_signals,
        )

    return start_process


def stop_ignoring_signals() -> None:
    """Undo what a background job and `nohup` are told to ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
