"""The upload engine against a live hub, with faults on the way."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from releasehub_cli import config, retrying
from tests.cli.conftest import Run, Start
from tests.cli.faults import damage, declare, drop, drop_answer, expire, status
from tests.cli.proxy import PART, PART_BYTES, Fault, Handler, Proxy, Seen, relay
from tests.cli.shelf import Shelf

pytestmark = pytest.mark.embedded
Files = Callable[..., Path]
UPLOADS = "/api/uploads/"
ADDRESSES = r"/api/uploads/\w+/parts/"
COMPLETE = r"/api/uploads/\w+/complete/"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def upload(run: Run, shelf: Shelf) -> Run:
    """Upload files to a draft of the test's own download."""
    shelf.add_version("1.5.0")
    return lambda *words: run("upload", f"{shelf.slug}@1.5.0", *map(str, words))


def is_stored(shelf: Shelf, path: Path) -> bool:
    """Return whether the hub has the file with exactly these bytes, which it has read back from the storage."""
    return bool(shelf.files()[path.name]["file_hash"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}")


def md5_of_parts(path: Path) -> set[str]:
    data = path.read_bytes()
    parts = (data[first : first + PART_BYTES] for first in range(0, len(data), PART_BYTES))
    return {hashlib.md5(part, usedforsecurity=False).hexdigest() for part in parts}


def test_small_file_is_one_put_with_exactly_the_given_headers(
    upload: Run, proxy: Proxy, shelf: Shelf, files: Files
) -> None:
    path = files("a.bin", 500)
    assert upload(path).code == 0
    (put,) = proxy.requests("PUT", PART)
    assert put.headers["Content-Length"] == "500"
    assert not {"Transfer-Encoding", "Content-Type"} & put.headers.keys()
    assert not proxy.requests("POST", ADDRESSES)
    assert is_stored(shelf, path)


def test_empty_file_is_uploaded(upload: Run, shelf: Shelf, files: Files) -> None:
    path = files("empty.bin", 0)
    assert upload(path).code == 0
    assert is_stored(shelf, path)


def test_parts_carry_their_md5_and_their_urls_are_requested_in_batches(
    upload: Run, proxy: Proxy, shelf: Shelf, files: Files
) -> None:
    path = files("big.bin", 40 * PART_BYTES + 7)
    assert upload(path).code == 0
    batches = [json.loads(seen.body)["parts"] for seen in proxy.requests("POST", ADDRESSES)]
    assert {part["md5"] for batch in batches for part in batch} == md5_of_parts(path)
    assert len(batches) < 30
    assert set(proxy.accepted.values()) == {1}
    assert is_stored(shelf, path)


@pytest.mark.parametrize(
    "fault",
    [drop, status(500), status(503), status(429, Retry_After="0"), status(408), expire, damage],
    ids=["drop", "500", "503", "429", "408", "expired", "damaged"],
)
@pytest.mark.parametrize("size", [1000, 6 * PART_BYTES])
def test_temporary_fault_of_the_storage_is_retried(
    upload: Run, proxy: Proxy, shelf: Shelf, files: Files, fault: Fault, size: int
) -> None:
    path = files("big.bin", size)
    proxy.fail("PUT", PART, fault, fault)
    ended = upload(path)
    assert ended.code == 0, ended.err
    assert set(proxy.accepted.values()) == {1}
    assert is_stored(shelf, path)


def test_retry_after_is_obeyed(upload: Run, proxy: Proxy, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def wait(self: object, at_least: float = 0.0) -> None:
        waits.append(at_least)

    monkeypatch.setattr(retrying.Backoff, "wait", wait)
    proxy.fail("PUT", PART, status(503, Retry_After="7"))
    assert upload(files("a.bin")).code == 0
    assert waits == [7.0]


def test_part_whose_response_was_lost_is_not_sent_again(upload: Run, proxy: Proxy, files: Files) -> None:
    proxy.fail("PUT", PART, drop_answer)
    assert upload(files("big.bin", 5 * PART_BYTES)).code == 0
    assert len(proxy.requests("PUT", PART)) == 5


def test_expired_url_is_renewed(upload: Run, proxy: Proxy, files: Files) -> None:
    proxy.fail("PUT", PART, expire)
    assert upload(files("a.bin")).code == 0
    assert len(proxy.requests("POST", ADDRESSES)) == 1


def test_permanent_refusal_of_the_storage_ends_the_command(upload: Run, proxy: Proxy, files: Files) -> None:
    proxy.fail("PUT", PART, *[status(403)] * 20)
    ended = upload(files("a.bin"), "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "storage_403")
    assert len(proxy.requests("PUT", PART)) == 4


def test_network_failure_exits_with_5_and_prints_how_to_resume(upload: Run, proxy: Proxy, files: Files) -> None:
    path = files("a.bin")
    proxy.fail("PUT", PART, *[drop] * 5)
    ended = upload(path, "--retries", "2")
    assert ended.code == 5
    assert f"releasehub --url {proxy.url} upload --resume " in ended.err
    assert str(path) in ended.err
    assert len(proxy.requests("PUT", PART)) == 3


def test_unreachable_hub_exits_with_5(anonymous: Run, files: Files) -> None:
    words = ("--url", "http://127.0.0.1:1", "--key", "rh_x", "upload", str(files("a.bin")), "--version-id", "1")
    assert anonymous(*words, "--retries", "1").code == 5


def test_wrong_digest_exits_with_4_and_the_next_run_starts_over(
    upload: Run, proxy: Proxy, shelf: Shelf, files: Files
) -> None:
    path = files("a.bin", 2 * PART_BYTES)
    proxy.fail("POST", UPLOADS, declare(sha256="0" * 64))
    ended = upload(path, "--json")
    assert ended.code == 4, ended.err
    assert "digest" in ended.json["error"]["code"]
    assert not shelf.files()
    assert upload(path).code == 0
    assert is_stored(shelf, path)


def test_parts_that_the_hub_misses_on_complete_are_sent(upload: Run, proxy: Proxy, shelf: Shelf, files: Files) -> None:
    path = files("big.bin", 4 * PART_BYTES)
    proxy.fail("PUT", PART, status(200))  # acknowledge a part that never arrived
    assert upload(path).code == 0
    assert len(proxy.requests("PUT", PART)) == 5
    assert len(proxy.requests("POST", COMPLETE)) == 2
    assert is_stored(shelf, path)


def test_file_that_changes_during_the_upload_is_an_error(upload: Run, proxy: Proxy, files: Files) -> None:
    path = files("big.bin", 8 * PART_BYTES)

    def touch(handler: Handler) -> None:
        os.utime(path, ns=(1, 1))
        relay(handler)

    proxy.fail("PUT", PART, touch)
    ended = upload(path, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "file_changed")
    assert "--resume" not in ended.json["error"]["hint"]


def test_key_is_never_sent_to_the_storage_or_printed(run: Run, proxy: Proxy, shelf: Shelf, files: Files) -> None:
    shelf.add_version("1.5.0")
    path = files("big.bin", 6 * PART_BYTES)
    proxy.fail("PUT", PART, drop, expire, status(500))
    ended = run("--verbose", "upload", f"{shelf.slug}@1.5.0", str(path))
    assert ended.code == 0
    puts = proxy.requests("PUT", PART)
    assert puts
    assert not any(has_key(seen, shelf.key) for seen in puts)
    assert shelf.key not in ended.out + ended.err
    assert not any(put.path.rpartition("/")[2] in ended.out + ended.err for put in puts)


def has_key(seen: Seen, key: str) -> bool:
    return key in str(seen.headers) + seen.path


def test_progress_is_plain_lines_outside_a_terminal(upload: Run, files: Files) -> None:
    ended = upload(files("big.bin", 3 * PART_BYTES))
    assert "big.bin: 100 % of 192.0 KiB" in ended.err
    assert "\x1b" not in ended.err
    assert "\r" not in ended.err


def test_quiet_prints_only_the_result(upload: Run, files: Files) -> None:
    ended = upload(files("a.bin"), "--quiet")
    assert (ended.err, ended.out) == ("", "Uploaded a.bin, 1000 B\n")


def test_read_only_state_folder_is_a_warning(upload: Run, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    ended = upload(files("a.bin"))
    assert ended.code == 0
    assert "Warning: " in ended.err
    assert "/proc/nowhere" in ended.err


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1, "b": {"at": "x"}}'])
def test_damaged_state_file_is_ignored(upload: Run, files: Files, text: str) -> None:
    config.state_path().parent.mkdir(parents=True)
    config.state_path().write_text(text)
    assert upload(files("a.bin")).code == 0


def test_finished_upload_is_removed_from_the_private_state_file(upload: Run, files: Files) -> None:
    upload(files("a.bin"))
    assert config.state_path().read_text() == "{}\n"
    assert config.state_path().stat().st_mode & 0o777 == 0o600


def test_memory_does_not_grow_with_the_size_of_parts(begin: Start, proxy: Proxy, shelf: Shelf, tmp_path: Path) -> None:
    proxy.part_bytes = 20 * MEBIBYTE
    shelf.add_version("1.5.0")
    peaks = [peak(begin, tmp_path / name, size, shelf.slug) for name, size in (("a", 1), ("b", 40 * MEBIBYTE))]
    assert peaks[1] - peaks[0] < 16 * MEBIBYTE


def peak(begin: Start, path: Path, size: int, slug: str) -> int:
    """Return the largest resident memory of an upload of a file of zeros, in bytes."""
    with path.open("wb") as stream:
        stream.truncate(size)
    process = begin("upload", f"{slug}@1.5.0", str(path), "--quiet")
    _, ended, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(ended)
    assert process.returncode == 0, process.communicate()
    process.communicate()
    return usage.ru_maxrss * 1024
