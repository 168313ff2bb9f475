"""Environments of pipelines: closed and full streams, no home directory, and Ctrl-C while the program starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from releasehub_cli.config import clean_url
from tests.cli.conftest import PACKAGE, Run
from tests.cli.shelf import Shelf
from tests.ended import Ended

pytestmark = pytest.mark.embedded
LOGIN = "login --url http://127.0.0.1:1"
UNKNOWN_HUB, NO_KEY, FAILED = 2, 3, 1


def shell(command: str) -> Ended:
    """Run the command in a shell, without a hub."""
    script = f'releasehub() {{ exec "{sys.executable}" -m releasehub_cli "$@"; }}; {command}'
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    ended = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("releasehub list <&-", UNKNOWN_HUB),
        ("releasehub list >&-", UNKNOWN_HUB),
        ("releasehub list 2>&-", UNKNOWN_HUB),
        ("releasehub list <&- >&- 2>&-", UNKNOWN_HUB),
        ("releasehub list --json >/dev/full", UNKNOWN_HUB),
        ("releasehub list 2>/dev/full", UNKNOWN_HUB),
        ("releasehub logout >/dev/full", FAILED),
        ("releasehub logout --json >/dev/full", FAILED),
        ("releasehub logout 2>/dev/full", 0),
        (f"releasehub {LOGIN} --key-stdin <&-", NO_KEY),
        (f"releasehub {LOGIN} <&-", UNKNOWN_HUB),
    ],
)
def test_closed_and_full_streams_change_no_exit_code(command: str, code: int) -> None:
    ended = shell(command)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    assert "Unexpected" not in ended.err
    assert "Exception ignored" not in ended.err


def test_result_that_cannot_be_printed_is_reported() -> None:
    assert "The command succeeded, but its result cannot be printed" in shell("releasehub logout >/dev/full").err


def test_reader_that_has_seen_enough_gets_no_message() -> None:
    assert shell("{ sleep 0.1; releasehub completion bash; } | true").err == ""


def test_upload_needs_no_home_directory(
    run: Run, anonymous: Run, shelf: Shelf, files: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may run as a user that has no name, and therefore no home directory."""
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    ended = run("publish", f"{shelf.slug}@1.0.0", str(files("tool.bin")))
    assert ended.code == 0, ended.err
    assert "set HOME or XDG_STATE_HOME" in ended.err
    assert anonymous("list").code == UNKNOWN_HUB
    assert anonymous("logout").code == 0
    ended = run("login")
    assert (ended.code, "set HOME or XDG_CONFIG_HOME" in ended.err) == (FAILED, True)


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize(("handler", "code"), [(signal.SIG_DFL, -signal.SIGINT), (signal.SIG_IGN, 0)])
def test_interruption_while_the_program_is_loaded_prints_no_traceback(handler: signal.Handlers, code: int) -> None:
    script = """
import signal, sys
class Interrupts:
    def find_spec(self, name, *rest):
        if name == "releasehub_cli.app":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
sys.argv = ["releasehub", "--version"]
import releasehub_cli
releasehub_cli.main()
"""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    started = partial(signal.signal, signal.SIGINT, handler)
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, preexec_fn=started, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (code, "")


def test_json_after_the_end_of_the_options_is_a_file(anonymous: Run) -> None:
    assert anonymous("list", "--json").json["error"]["code"] == "usage"
    assert anonymous("upload", "tool@1.0", "--", "--json").out == ""


@pytest.mark.parametrize(
    "text",
    [
        "http://hub.example.org",
        "HTTP://HUB.example.org",
        "http://hub.example.org:80",
        " http://hub.example.org:80/api/\n",
    ],
)
def test_spellings_of_one_hub_are_equal(text: str) -> None:
    assert clean_url(text) == "http://hub.example.org"


def test_file_name_that_is_not_text_is_explained(anonymous: Run, tmp_path: Path) -> None:
    name = os.fsdecode(b"tool\xff.zip")
    (tmp_path / name).touch()
    ended = anonymous("verify", str(tmp_path / name), "--sums", os.devnull)
    assert (ended.code, "is not valid UTF-8" in ended.err) == (2, True)
