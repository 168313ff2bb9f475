"""The command line against a fake hub, in this process or as one of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from releasehub_cli import progress, retrying, uploads
from releasehub_cli.app import cli
from tests.cli.fakehub import KEY, FakeHub

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELEASEHUB_URL", "RELEASEHUB_API_KEY", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.01)
    monkeypatch.setattr(uploads, "POLL_SECONDS", (0.01,))
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    hub = FakeHub()
    yield hub
    hub.close()


@pytest.fixture
def anonymous() -> Run:
    """Run a command without any hub or key."""

    def run(*words: str, text: str = "") -> Ended:
        result = CliRunner().invoke(cli, words, input=text)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def run(fake: FakeHub, anonymous: Run) -> Run:
    """Run a command with address and key of the fake hub."""
    return lambda *words, text="": anonymous("--url", fake.url, "--key", KEY, *words, text=text)


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """A file of so many random bytes, always the same for the same name."""

    def make(name: str, size: int = 1000, folder: str = "dist") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(name).randbytes(size))
        return path

    return make


def environment(fake: FakeHub, **extra: str) -> dict[str, str]:
    given = {"RELEASEHUB_URL": fake.url, "RELEASEHUB_API_KEY": KEY, "PYTHONPATH": str(ROOT / "cli")}
    return os.environ | given | extra


def start(fake: FakeHub, *words: str, cwd: Path | None = None, **extra: str) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "releasehub_cli", *words],
        cwd=cwd,
        env=environment(fake, **extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # background jobs are told to ignore it
    )
