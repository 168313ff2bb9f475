"""Uploads that stop in the middle and go on elsewhere."""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run, start
from tests.cli.fakehub import PART_BYTES, FakeHub

Files = Callable[..., Path]
PARTS = 24
VERSION = ("--download", "packsmith", "--version", "1.5.0")


class HalfWay:
    """Holds back the answers from the n-th part on, and says when that is."""

    def __init__(self, fake: FakeHub, after: int = 8) -> None:
        self.fake, self.after = fake, after
        self.reached, self.go_on = threading.Event(), threading.Event()
        fake.pause = self.pause

    def pause(self, number: int) -> None:
        if sum(self.fake.finished.values()) >= self.after:
            self.reached.set()
            self.go_on.wait(10)

    def stop(self, process: subprocess.Popen[str], number: int) -> tuple[int, str]:
        """Exit code and stderr."""
        assert self.reached.wait(20)
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
        self.fake.pause = lambda number: None
        self.go_on.set()
        return process.returncode, err


def test_kill_in_the_middle_resumes_from_another_folder_without_a_part_sent_twice(
    fake: FakeHub, run: Run, files: Files, tmp_path: Path
) -> None:
    path = files("big.zip", PARTS * PART_BYTES - 5)
    half_way = HalfWay(fake)
    process = start(fake, "publish", "big.zip", *VERSION, cwd=path.parent)
    assert half_way.stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    done = {key for key, count in fake.finished.items() if count}
    assert 8 <= len(done) < PARTS
    moved = tmp_path / "elsewhere" / "big.zip"
    moved.parent.mkdir()
    path.rename(moved)
    again = start(fake, "publish", str(moved), *VERSION, cwd=tmp_path)
    _, err = again.communicate(timeout=30)
    assert again.returncode == 0, err
    assert "going on with upload up1" in err
    assert set(fake.finished.values()) == {1}
    assert len(fake.finished) == PARTS
    assert fake.content[hashlib.sha256(moved.read_bytes()).hexdigest()] == moved.read_bytes()
    assert len(fake.sessions) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_upload_prints_the_command_that_resumes_it(
    fake: FakeHub, run: Run, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path, version = files("big.zip", PARTS * PART_BYTES), fake.add_version("1.5.0")
    half_way = HalfWay(fake)
    code, err = half_way.stop(start(fake, "upload", str(path), "--version-id", str(version)), number)
    assert code == 130
    command = re.search(r"releasehub (--url \S+ upload --resume up1 \S+)", err)
    assert command, err
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-machine"))
    ended = run(*command[1].split())
    assert ended.code == 0, ended.err
    assert set(fake.finished.values()) == {1}


def test_resume_refuses_another_file(fake: FakeHub, run: Run, files: Files) -> None:
    path, version = files("big.zip", PARTS * PART_BYTES), fake.add_version("1.5.0")
    HalfWay(fake).stop(start(fake, "upload", str(path), "--version-id", str(version)), signal.SIGINT)
    shorter, other = files("short.zip", 10), files("other.zip", PARTS * PART_BYTES)
    assert run("upload", "--resume", "up1", str(shorter)).code == 4
    assert run("upload", "--resume", "up1", str(other)).code == 4


def test_session_that_is_gone_begins_anew(fake: FakeHub, run: Run, files: Files) -> None:
    path, version = files("big.zip", PARTS * PART_BYTES), str(fake.add_version("1.5.0"))
    HalfWay(fake).stop(start(fake, "upload", str(path), "--version-id", version), signal.SIGINT)
    fake.only_session().state = "expired"
    assert run("upload", "--resume", "up1", str(path)).code == 7
    assert run("upload", str(path), "--version-id", version).code == 0
    assert len(fake.sessions) == 2


def test_unknown_upload_is_not_found(run: Run, files: Files) -> None:
    assert run("upload", "--resume", "nope", str(files("a.zip"))).code == 6


def test_json_of_an_interruption(fake: FakeHub, files: Files) -> None:
    path, version = files("big.zip", PARTS * PART_BYTES), str(fake.add_version("1.5.0"))
    half_way = HalfWay(fake)
    process = start(fake, "upload", str(path), "--version-id", version, "--json")
    assert half_way.reached.wait(20)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    half_way.go_on.set()
    assert '"code": "interrupted"' in out
    assert process.returncode == 130
