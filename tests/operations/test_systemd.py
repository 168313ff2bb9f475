"""The units in docs/systemd start the documented commands, and systemd accepts them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from releasehub.server.command import granian_arguments
from tests.test_compose import SERVICES

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "docs/systemd").glob("*.service"))
PROGRAMS = "/opt/releasehub/.venv/bin/"


def read(unit: Path) -> RawConfigParser:
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text().replace("\\\n", ""))
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_unit_starts_the_documented_command_again_and_again(unit: Path) -> None:
    parser, name = read(unit), unit.stem.removeprefix("releasehub-")
    command = shlex.split(parser["Service"]["ExecStart"].removeprefix(PROGRAMS))
    if name == "web":
        assert command == ["granian", *granian_arguments(host="127.0.0.1", port=8000, workers=2)]
    else:  # two workers on one machine need two names; `%%` is systemd's way to write `%`
        expected = SERVICES[name]["command"].replace("worker@%h", f"{name}@%%h")
        assert command == shlex.split(expected)
    assert (parser["Service"]["Restart"], parser["Unit"]["StartLimitIntervalSec"]) == ("always", "0")


def test_units_are_those_that_the_page_starts() -> None:
    started = re.search(r"systemctl enable --now ([\w -]+)`", (ROOT / "docs/operating.md").read_text())
    assert started
    assert sorted(started[1].split()) == [unit.stem for unit in UNITS]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed.")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        programs = f"{Path(sys.executable).parent}/"
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAMS, programs))
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
