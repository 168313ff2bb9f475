"""The upload engine when things go wrong on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from releasehub_cli import config
from tests.cli.conftest import Run, start
from tests.cli.fakehub import (
    KEY,
    PART_BYTES,
    FakeHub,
    Handler,
    Seen,
    damage,
    drop,
    drop_answer,
    expire,
    status,
)

Files = Callable[..., Path]
PART = r"/part/\w+/\d+"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def version(fake: FakeHub) -> str:
    return str(fake.add_version("1.5.0"))


def test_small_file_is_one_put_with_exactly_the_given_headers(
    run: Run, fake: FakeHub, files: Files, version: str
) -> None:
    assert run("upload", str(files("a.zip", 500)), "--version-id", version).code == 0
    (put,) = fake.sent()
    assert put.headers["Content-Length"] == "500"
    assert not {"Transfer-Encoding", "Content-Type"} & put.headers.keys()
    assert not fake.requests("POST", r"/api/uploads/\w+/parts/")


def test_empty_file_is_fine(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    assert run("upload", str(files("empty.txt", 0)), "--version-id", version).code == 0


def test_parts_carry_their_md5_and_are_asked_for_in_batches(
    run: Run, fake: FakeHub, files: Files, version: str
) -> None:
    path = files("big.zip", 40 * PART_BYTES + 7)
    assert run("upload", str(path), "--version-id", version).code == 0
    assert all("Content-MD5" in put.headers for put in fake.sent())
    assert len(fake.requests("POST", r"/api/uploads/\w+/parts/")) < 30
    assert sorted(fake.finished.values()) == [1] * 41


@pytest.mark.parametrize(
    "fault",
    [drop, status(500), status(503), status(429, Retry_After="0"), status(408), expire],
    ids=["drop", "500", "503", "429", "408", "expired"],
)
@pytest.mark.parametrize("size", [1000, 6 * PART_BYTES])
def test_trouble_of_the_storage_is_got_over(
    run: Run, fake: FakeHub, files: Files, version: str, fault: Callable[[Handler], bool], size: int
) -> None:
    path = files("big.zip", size)
    fake.fail("storage", "PUT", PART, fault, fault)
    ended = run("upload", str(path), "--version-id", version)
    assert ended.code == 0, ended.err
    assert set(fake.finished.values()) == {1}
    assert fake.content[hashlib.sha256(path.read_bytes()).hexdigest()] == path.read_bytes()


def test_retry_after_is_obeyed(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    waits: list[float] = []

    def waited(self: object, at_least: float = 0.0) -> None:
        waits.append(at_least)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("releasehub_cli.retrying.Backoff.wait", waited)
        fake.fail("storage", "PUT", PART, status(429, Retry_After="7"))
        assert run("upload", str(files("a.zip")), "--version-id", version).code == 0
    assert waits == [7.0]


def test_part_whose_answer_was_lost_is_not_sent_again(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    fake.fail("storage", "PUT", PART, drop_answer)
    assert run("upload", str(files("big.zip", 5 * PART_BYTES)), "--version-id", version).code == 0
    assert set(fake.puts.values()) == {1}


def test_expired_address_is_renewed(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    fake.fail("storage", "PUT", PART, expire)
    assert run("upload", str(files("a.zip")), "--version-id", version).code == 0
    assert len(fake.requests("POST", r"/api/uploads/\w+/parts/")) == 1


def test_storage_that_refuses_for_good_is_not_asked_for_ever(
    run: Run, fake: FakeHub, files: Files, version: str
) -> None:
    fake.fail("storage", "PUT", PART, *[status(403)] * 20)
    ended = run("upload", str(files("a.zip")), "--version-id", version, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "storage_403")
    assert len(fake.sent()) == 4


def test_network_that_stays_away_is_5_and_says_how_to_resume(
    run: Run, fake: FakeHub, files: Files, version: str
) -> None:
    path = files("a.zip")
    fake.fail("storage", "PUT", PART, *[drop] * 5)
    ended = run("upload", str(path), "--version-id", version, "--retries", "2")
    assert ended.code == 5
    assert f"releasehub --url {fake.url} upload --resume up1 {path}" in ended.err
    assert len(fake.sent()) == 3


def test_hub_that_is_not_there_is_5(anonymous: Run, files: Files) -> None:
    words = ("--url", "http://127.0.0.1:1", "--key", "rh_x", "upload", str(files("a.zip")), "--version-id", "1")
    assert anonymous(*words, "--retries", "1").code == 5


def test_wrong_digest_is_4_and_the_next_run_begins_anew(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    path = files("a.zip")
    fake.fail("storage", "PUT", PART, damage)
    ended = run("upload", str(path), "--version-id", version, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (4, "upload_digest_differs")
    assert run("upload", str(path), "--version-id", version).code == 0
    assert len(fake.sessions) == 2


def test_complete_that_finds_parts_missing_sends_them(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    def lose_a_part(handler: Handler) -> bool:
        del fake.only_session().received[2]
        return False

    fake.fail("hub", "POST", r"/api/uploads/\w+/complete/", lose_a_part)
    assert run("upload", str(files("big.zip", 4 * PART_BYTES)), "--version-id", version).code == 0
    assert fake.puts["up1", 2] == 2


def test_file_that_changes_is_an_error(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    path = files("big.zip", 8 * PART_BYTES)

    def touch(number: int) -> None:
        os.utime(path, ns=(1, 1))

    fake.pause = touch
    ended = run("upload", str(path), "--version-id", version, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "file_changed")


def test_key_goes_to_the_hub_only_and_is_never_printed(run: Run, fake: FakeHub, files: Files, version: str) -> None:
    fake.fail("storage", "PUT", PART, drop, expire, status(500))
    ended = run("--verbose", "upload", str(files("big.zip", 6 * PART_BYTES)), "--version-id", version)
    assert ended.code == 0
    assert fake.sent()
    assert not any(_holds_key(seen) for seen in fake.sent())
    assert KEY not in ended.out + ended.err
    assert "token=" not in ended.out + ended.err


def test_plain_lines_outside_a_terminal(run: Run, files: Files, version: str) -> None:
    ended = run("upload", str(files("big.zip", 3 * PART_BYTES)), "--version-id", version)
    assert "big.zip: 100 % of 192.0 KiB" in ended.err
    assert "\x1b" not in ended.err
    assert "\r" not in ended.err


def test_quiet_says_the_result_only(run: Run, files: Files, version: str) -> None:
    ended = run("upload", str(files("a.zip")), "--version-id", version, "--quiet")
    assert (ended.err, ended.out) == ("", "Uploaded a.zip, 1000 B\n")


def test_read_only_state_folder_is_a_warning(
    run: Run, files: Files, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    ended = run("upload", str(files("a.zip")), "--version-id", version)
    assert ended.code == 0
    assert "cannot be noted" in ended.err


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1, "b": {"at": "x"}}'])
def test_damaged_state_file_is_no_obstacle(run: Run, files: Files, version: str, text: str) -> None:
    config.state_path().parent.mkdir(parents=True)
    config.state_path().write_text(text)
    assert run("upload", str(files("a.zip")), "--version-id", version).code == 0


def test_state_file_forgets_what_is_done(run: Run, files: Files, version: str) -> None:
    run("upload", str(files("a.zip")), "--version-id", version)
    assert config.state_path().read_text() == "{}\n"
    assert config.state_path().stat().st_mode & 0o777 == 0o600


def test_memory_stays_small_with_large_parts(fake: FakeHub, tmp_path: Path, version: str) -> None:
    fake.keeps_bytes, fake.part_bytes = False, 40 * MEBIBYTE
    peaks = [_peak(fake, tmp_path / name, size, version) for name, size in (("a", 1), ("b", 160 * MEBIBYTE))]
    assert peaks[1] - peaks[0] < 24 * MEBIBYTE


def _peak(fake: FakeHub, path: Path, size: int, version: str) -> int:
    """The most memory that the process had, in bytes."""
    with path.open("wb") as stream:
        stream.truncate(size)
    process = start(fake, "upload", str(path), "--version-id", version, "--quiet")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.communicate()
    process.communicate()
    return usage.ru_maxrss * 1024


def _holds_key(seen: Seen) -> bool:
    return KEY in str(seen.headers) + seen.path + str(seen.query)
