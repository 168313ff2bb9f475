"""Tests of the command `serve` and of the command line, without a running hub. tests/live/test_serve.py runs one."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from releasehub.server import command, watchdog
from releasehub.server.management.commands import serve
from releasehub.server.management.commands.serve import Command, url_host

pytestmark = pytest.mark.embedded
MANAGE = str(command.ROOT / "manage.py")
PRINT = "from releasehub.core.streams import prepare_streams; prepare_streams(); print('first …', flush=True)"


def run(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(words, capture_output=True, check=False, **options)  # type: ignore[call-overload]


def test_host_may_be_a_name() -> None:
    assert Command().ip_address("localhost") == "127.0.0.1"
    assert Command().ip_address("::1") == "::1"


@pytest.mark.parametrize("host", ["", "[::1]", "x" * 70])
def test_invalid_host_is_named_with_a_fix(host: str) -> None:
    with pytest.raises(CommandError, match=r"^HOST is .*Set it to 127\.0\.0\.1"):
        Command().ip_address(host)


def test_address_of_another_machine_is_not_blamed_on_the_port() -> None:
    with pytest.raises(CommandError, match=r"^HOST is 192\.0\.2\.7"):
        Command().free_port("192.0.2.7", "8000")


@pytest.mark.parametrize(
    ("address", "host"),
    [("127.0.0.1", "localhost"), ("::", "localhost"), ("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "[2001:db8::1]")],
)
def test_announced_url_leads_to_the_address(address: str, host: str) -> None:
    assert url_host(address) == host


def test_server_finds_the_application_from_every_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _program, arguments: words.extend(arguments))
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.chdir(tmp_path)
    command.become_server("127.0.0.1", 8000, has_worker=False)
    assert words[words.index("--working-dir") + 1] == str(Path(MANAGE).parent)
    module = words[words.index("-m") + 1]
    find = f"import importlib.util; assert importlib.util.find_spec({module!r})"
    assert run(sys.executable, "-c", find, env=dict(os.environ), cwd=tmp_path).returncode == 0


class ClosedPipe(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_closed_output_is_reported_with_the_place_of_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """`make run | head -1`"""
    settings.DATA_DIR, settings.DEMO = str(tmp_path), True
    monkeypatch.setattr(serve, "needs_set_up", lambda: True)
    monkeypatch.setattr(serve, "call_command", lambda *words, **options: None)
    monkeypatch.setattr(serve, "collect_static", lambda: None)
    monkeypatch.setattr(Command, "check", lambda self: None)
    monkeypatch.setattr(os, "dup2", lambda *descriptors: None)
    monkeypatch.setattr(os, "umask", lambda mode: None)
    with pytest.raises(CommandError, match=r"(?s)closed before .*first_password"):
        Command(stdout=ClosedPipe()).handle(host="127.0.0.1", port="9199")


@pytest.mark.parametrize(
    ("started_in", "is_open", "is_lost"), [("1", False, True), ("1", True, False), ("", False, False)]
)
def test_only_a_hub_that_was_started_in_a_terminal_loses_it(
    started_in: str, is_open: bool, is_lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(watchdog.TERMINAL, started_in)
    monkeypatch.setattr(os, "isatty", lambda _descriptor: is_open)
    assert watchdog.has_lost_terminal() is is_lost


@pytest.mark.parametrize("step", ["collect_static", "load_demo"])
def test_full_disk_is_reported_with_a_fix(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_disk() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("call_command", "collect_static", "load_demo"):
        monkeypatch.setattr(serve, name, fill_disk if name == step else lambda *_words, **_options: None)
    monkeypatch.setattr(serve, "needs_set_up", lambda: True)
    monkeypatch.setattr(serve.settings, "DEMO", True)
    with pytest.raises(CommandError, match="Free some space"):
        Command().prepare()


def test_commands_run_without_the_safe_path(tmp_path: Path) -> None:
    """PYTHONSAFEPATH is the same as -P: Python does not look for modules in the folder of manage.py."""
    shown = run(sys.executable, "-P", MANAGE, "check", "--help", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, b"")


def test_text_that_the_encoding_lacks_can_be_printed() -> None:
    shown = run(sys.executable, "-c", PRINT, cwd=command.ROOT, env={"PYTHONIOENCODING": "latin-1"})
    assert shown.stdout == "first …\n".encode()


def test_files_do_not_take_the_numbers_of_closed_streams() -> None:
    script = f"{PRINT}; import os, sys; sys.exit(os.open('/etc/hostname', os.O_RDONLY) > 2 and 7)"
    shown = run("sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, script, cwd=command.ROOT)
    assert shown.returncode == 7
