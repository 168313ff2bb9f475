"""`download` and `verify`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.fakehub import KEY, FakeHub, Handler, cut_download, status

Files = Callable[..., Path]
DATA = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def released(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = fake.add_version("1.4.2", state="published")
    fake.add_file(version, "tool-linux.tar.gz", DATA, platform="linux", architecture="x64", is_primary=True)
    fake.add_file(version, "tool-windows.zip", b"windows", platform="windows")
    beta = fake.add_version("1.5.0", channel="beta", state="published")
    fake.add_file(beta, "tool-beta.tar.gz", b"beta", platform="linux", architecture="x64")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize(
    ("words", "link", "name"),
    [
        (("packsmith", "--platform", "windows"), "/d/packsmith/latest/windows", "tool-windows.zip"),
        (("packsmith@latest", "--file", "tool-linux.tar.gz"), "/d/packsmith/latest/tool-linux.tar.gz", None),
        (("packsmith@1.4.2",), "/d/packsmith/1.4.2/tool-linux.tar.gz", None),
        (("packsmith@1.4.2", "--platform", "windows"), "/d/packsmith/1.4.2/tool-windows.zip", "tool-windows.zip"),
        (("packsmith@1.4.2", "--file", "tool-windows.zip"), "/d/packsmith/1.4.2/tool-windows.zip", "tool-windows.zip"),
        (
            ("packsmith@channel:beta", "--platform", "linux-x64"),
            "/d/packsmith/channel/beta/linux-x64",
            "tool-beta.tar.gz",
        ),
    ],
)
def test_links_are_those_of_the_documentation(
    run: Run, fake: FakeHub, words: tuple[str, ...], link: str, name: str | None
) -> None:
    ended = run("download", *words, "--json")
    assert ended.code == 0, ended.err
    assert fake.requests("GET", "/d/.*")[-1].path == link
    assert ended.json["path"] == (name or "tool-linux.tar.gz")
    assert ended.json["verified"] is True


def test_file_is_whole_and_nothing_else_is_left(run: Run, tmp_path: Path) -> None:
    assert run("download", "packsmith@1.4.2", "-o", str(tmp_path)).code == 0
    assert (tmp_path / "tool-linux.tar.gz").read_bytes() == DATA
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("redirects", [False, True])
def test_broken_transfer_goes_on_where_it_stopped(run: Run, fake: FakeHub, redirects: bool) -> None:
    fake.redirects_downloads = redirects
    server = "storage" if redirects else "hub"
    fake.fail(server, "GET", "/(d|blob)/.*", cut_download, status(503), cut_download)
    ended = run("download", "packsmith@1.4.2", "--json")
    assert ended.code == 0, ended.err
    assert Path("tool-linux.tar.gz").read_bytes() == DATA
    ranges = [seen.headers.get("Range") for seen in fake.seen if seen.server == server and "/" in seen.path]
    half = len(DATA) // 2
    assert f"bytes={half}-" in ranges
    assert f"bytes={half + half // 2}-" in ranges


def test_partial_file_is_used_by_the_next_run(run: Run, fake: FakeHub) -> None:
    fake.fail("hub", "GET", "/d/.*", cut_download, *[status(503)] * 3)
    assert run("download", "packsmith@1.4.2", "--retries", "0").code == 5
    assert Path("tool-linux.tar.gz.part").stat().st_size == len(DATA) // 2
    fake.faults.clear()
    assert run("download", "packsmith@1.4.2").code == 0
    assert Path("tool-linux.tar.gz").read_bytes() == DATA
    assert fake.requests("GET", "/d/.*")[-1].headers["If-Range"] == f'"{DIGEST}"'


def test_partial_file_of_other_bytes_is_not_used(run: Run) -> None:
    Path("tool-linux.tar.gz.part").write_bytes(b"something else")
    assert run("download", "packsmith@1.4.2").code == 0
    assert Path("tool-linux.tar.gz").read_bytes() == DATA


@pytest.mark.parametrize("redirects", [False, True])
def test_wrong_bytes_are_deleted_and_4(run: Run, fake: FakeHub, redirects: bool) -> None:
    fake.redirects_downloads = redirects
    fake.content[DIGEST] = DATA[:-1] + b"!"
    ended = run("download", "packsmith@1.4.2", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (4, "digest_differs")
    assert not list(Path().iterdir())


def test_wrong_bytes_are_kept_on_request(run: Run, fake: FakeHub) -> None:
    fake.content[DIGEST] = b"not what it was"
    ended = run("download", "packsmith@1.4.2", "--no-verify", "--json")
    assert (ended.code, ended.json["verified"]) == (0, False)


def test_key_does_not_follow_the_redirect(run: Run, fake: FakeHub) -> None:
    fake.redirects_downloads = True
    assert run("download", "packsmith@1.4.2").code == 0
    assert any(seen.headers.get("XF-Api-Key") == KEY for seen in fake.requests("GET", "/d/.*"))
    assert fake.sent()
    assert KEY not in str([seen.headers for seen in fake.sent()])


def test_file_that_is_there_is_not_fetched(run: Run, fake: FakeHub) -> None:
    Path("tool-linux.tar.gz").write_bytes(DATA)
    assert run("download", "packsmith@1.4.2", "--json").json["was_there"] is True
    assert not fake.requests("GET", "/d/.*")


def test_hostile_name_stays_in_the_folder(run: Run, fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(fake.add_version("9.0", state="published"), "../evil.sh", b"evil", platform="freebsd")
    ended = run("download", "packsmith", "--platform", "freebsd", "--json")
    assert (ended.code, ended.json["path"]) == (0, "evil.sh")
    assert not (tmp_path / "evil.sh").exists()


def test_nothing_there_is_6_with_the_hubs_words(run: Run) -> None:
    ended = run("download", "packsmith", "--file", "nope.zip", "--json")
    assert (ended.code, ended.json["error"]["message"]) == (6, "Nothing here")


def test_guest_needs_no_key(anonymous: Run, fake: FakeHub) -> None:
    assert anonymous("--url", fake.url, "download", "packsmith", "--platform", "windows").code == 0
    assert not any("XF-Api-Key" in seen.headers for seen in fake.seen)


def test_link_elsewhere_has_no_digest(run: Run, fake: FakeHub) -> None:
    def elsewhere(handler: Handler) -> bool:
        handler.plain(302, Location=f"{fake.storage_url}/blob/{DIGEST}")
        return True

    for words, code in (((), 0), (("--verify",), 4)):
        fake.fail("hub", "HEAD", "/d/.*", elsewhere)
        fake.fail("hub", "GET", "/d/.*", elsewhere)
        ended = run("download", "packsmith", "--file", "tool-linux.tar.gz", *words)
        assert ended.code == code
        assert "not verified" in ended.err or "unverified" in ended.err


def test_verify_says_ok_for_the_hubs_files(run: Run) -> None:
    Path("tool-linux.tar.gz").write_bytes(DATA)
    ended = run("verify", "tool-linux.tar.gz", "--download", "packsmith", "--version", "1.4.2")
    assert (ended.code, ended.out) == (0, "tool-linux.tar.gz: OK\n")


@pytest.mark.parametrize(("name", "code"), [("tool-linux.tar.gz", 4), ("unknown.zip", 6)])
def test_verify_tells_what_is_wrong(run: Run, name: str, code: int) -> None:
    Path(name).write_bytes(b"other")
    assert run("verify", name, "--download", "packsmith", "--version", "1.4.2").code == code


def test_verify_reads_sums(anonymous: Run) -> None:
    Path("a.bin").write_bytes(DATA)
    Path("SHA256SUMS").write_text(f"{DIGEST} *a.bin\n{DIGEST}  other.bin\n")
    assert anonymous("verify", "a.bin", "--sums", "SHA256SUMS").code == 0
    Path("a.bin").write_bytes(b"")
    assert anonymous("verify", "a.bin", "--sums", "-", text=f"{DIGEST}  a.bin\n").code == 4


@pytest.mark.parametrize(
    "words",
    [
        ("download", "packsmith@"),
        ("download", "packsmith", "--file", "a", "--platform", "linux"),
        ("verify", "a"),
        ("verify", "a", "--sums", "s", "--download", "d", "--version", "1"),
    ],
)
def test_senseless_command_lines_are_usage_errors(run: Run, words: tuple[Any, ...]) -> None:
    assert run(*words).code == 2
