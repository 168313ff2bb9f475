"""Uploads that stop in the middle and continue elsewhere."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Start
from tests.cli.faults import replace_in_answer
from tests.cli.proxy import PART, PART_BYTES, Handler, Proxy
from tests.cli.shelf import Shelf

pytestmark = pytest.mark.embedded
Files = Callable[..., Path]
PARTS = 24
UPLOAD = r"/api/uploads/\w+/"


class HalfWay:
    """Hold back the answers to all parts but the first ones, until the client is stopped."""

    def __init__(self, proxy: Proxy, after: int = 8) -> None:
        self.proxy, self.after = proxy, after
        self.reached, self.go_on = threading.Event(), threading.Event()
        proxy.fail("PUT", PART, *[self.hold] * PARTS)

    def hold(self, handler: Handler) -> None:
        answer = handler.ask_hub(handler.read_body())
        if sum(self.proxy.accepted.values()) >= self.after:
            self.reached.set()
            self.go_on.wait(300)
        handler.send(answer)

    def stop(self, process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        assert self.reached.wait(60)
        process.send_signal(number)
        out, err = process.communicate(timeout=300)
        self.go_on.set()
        self.proxy.wait_for_requests()  # the hub may still store a part that the client had sent
        return process.returncode, out, err


@pytest.fixture
def path(files: Files) -> Path:
    return files("big.bin", PARTS * PART_BYTES - 5)


@pytest.fixture
def interrupted(proxy: Proxy, shelf: Shelf, begin: Start, path: Path) -> str:
    """An upload to version 1.5.0 that Ctrl-C stopped: its id."""
    shelf.add_version("1.5.0")
    _, _, err = HalfWay(proxy).stop(begin("upload", f"{shelf.slug}@1.5.0", str(path)), signal.SIGINT)
    found = re.search(r"--resume (\w+)", err)
    assert found, err
    return found[1]


def test_killed_publish_resumes_from_another_folder_and_sends_no_part_twice(
    proxy: Proxy, shelf: Shelf, begin: Start, path: Path, tmp_path: Path
) -> None:
    words = ("publish", f"{shelf.slug}@1.5.0")
    process = begin(*words, path.name, cwd=path.parent)
    assert HalfWay(proxy).stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    assert 8 <= len(proxy.accepted) < PARTS
    moved = tmp_path / "elsewhere" / path.name
    moved.parent.mkdir()
    path.rename(moved)
    again = begin(*words, str(moved), cwd=tmp_path)
    _, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert "resuming upload" in err
    assert (len(proxy.accepted), set(proxy.accepted.values())) == (PARTS, {1})
    assert len(proxy.requests("POST", "/api/uploads/")) == 1
    assert shelf.versions()[0]["is_published"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_upload_prints_the_command_that_resumes_it(
    proxy: Proxy,
    shelf: Shelf,
    begin: Start,
    run: Run,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    shelf.add_version("1.5.0")
    code, _, err = HalfWay(proxy).stop(begin("upload", f"{shelf.slug}@1.5.0", str(path)), number)
    assert code == 128 + number
    command = re.search(r"releasehub (--url \S+ upload --resume \w+ \S+)", err)
    assert command, err
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-machine"))
    ended = run(*command[1].split())
    assert ended.code == 0, ended.err
    assert (len(proxy.accepted), set(proxy.accepted.values())) == (PARTS, {1})


def test_resume_refuses_a_different_file(interrupted: str, run: Run, files: Files) -> None:
    shorter, other = files("short.bin", 10), files("other.bin", PARTS * PART_BYTES - 5)
    assert run("upload", "--resume", interrupted, str(shorter)).code == 4
    assert run("upload", "--resume", interrupted, str(other)).code == 4


def test_expired_upload_starts_over(interrupted: str, proxy: Proxy, shelf: Shelf, run: Run, path: Path) -> None:
    expired = replace_in_answer(b'"state":"created"', b'"state":"expired"')
    proxy.fail("GET", UPLOAD, expired, expired)
    assert run("upload", "--resume", interrupted, str(path)).code == 7
    assert run("upload", f"{shelf.slug}@1.5.0", str(path)).code == 0
    assert len(proxy.requests("POST", "/api/uploads/")) == 2


def test_aborted_upload_starts_over(interrupted: str, proxy: Proxy, shelf: Shelf, run: Run, path: Path) -> None:
    assert shelf.api.delete(f"uploads/{interrupted}/").is_success
    assert run("upload", f"{shelf.slug}@1.5.0", str(path)).code == 0
    assert len(proxy.requests("POST", "/api/uploads/")) == 2


def test_unknown_upload_is_not_found(run: Run, files: Files) -> None:
    assert run("upload", "--resume", "nope", str(files("a.bin"))).code == 6


def test_interruption_is_reported_as_json(proxy: Proxy, shelf: Shelf, begin: Start, path: Path) -> None:
    shelf.add_version("1.5.0")
    process = begin("upload", f"{shelf.slug}@1.5.0", str(path), "--json")
    code, out, _ = HalfWay(proxy).stop(process, signal.SIGINT)
    assert code == 130
    assert '"code": "interrupted"' in out
