"""`download` and `verify`."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from releasehub_cli.progress import SilentTask
from releasehub_cli.systems import this_machine
from tests.cli.conftest import Run
from tests.cli.faults import alter_answer, answer_with, cut, redirect_to_storage, status
from tests.cli.proxy import Proxy
from tests.cli.shelf import Shelf

pytestmark = pytest.mark.embedded
DATA = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(DATA).hexdigest()
LINK = "/d/.*"
NAME = "tool-linux-x64.bin"
HERE = str(this_machine())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(scope="module")
def released(api: httpx.Client) -> Shelf:
    """Create version 1.4.2 for Linux and Windows, and 1.5.0 in the channel beta for Linux. No test changes them."""
    shelf = Shelf(api)
    shelf.release("1.4.2", linux_x64=DATA, windows=b"windows")
    shelf.release("1.5.0", channel="beta", linux_x64=b"beta")
    return shelf


@pytest.fixture
def download(run: Run, released: Shelf) -> Run:
    """Download a version of the test's own download, for Linux on x64."""

    def call(version: str = "@1.4.2", *words: str) -> Any:
        system = () if {"--file", "--platform"} & set(words) else ("--platform", "linux", "--arch", "x64")
        return run("download", f"{released.slug}{version}", *system, *words)

    return call


def test_links_are_those_of_the_documentation(download: Run, proxy: Proxy, released: Shelf) -> None:
    for version, words, link, name in (
        ("", ("--platform", "windows"), "latest/windows", "tool-windows.bin"),
        ("@latest", ("--file", NAME), f"latest/{NAME}", NAME),
        ("@1.4.2", (), f"1.4.2/{NAME}", NAME),
        ("@v1.4.2", ("--platform", "windows"), "1.4.2/tool-windows.bin", "tool-windows.bin"),
        ("@1.4.2", ("--file", "tool-windows.bin"), "1.4.2/tool-windows.bin", "tool-windows.bin"),
        ("@latest-1.x", ("--platform", "linux-x64"), "latest-1.x/linux-x64", NAME),
        ("@beta", ("--platform", "linux-x64"), "channel/beta/linux-x64", NAME),
        ("@channel:beta", ("--platform", "linux-x64"), "channel/beta/linux-x64", NAME),
    ):
        ended = download(version, *words, "--json")
        assert ended.code == 0, ended.err
        assert proxy.requests("HEAD", LINK)[-1].path == f"/d/{released.slug}/{link}"
        assert (ended.json["path"], ended.json["verified"]) == (name, True)


def test_download_leaves_the_whole_file_and_nothing_else(download: Run, tmp_path: Path) -> None:
    assert download("@1.4.2", "-o", str(tmp_path)).code == 0
    assert (tmp_path / NAME).read_bytes() == DATA
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("server", ["hub", "storage"])
def test_interrupted_transfer_continues_where_it_stopped(download: Run, proxy: Proxy, server: str) -> None:
    if server == "storage":
        proxy.fail("GET", LINK, *[redirect_to_storage] * 4)
    proxy.fail("GET", LINK, cut, status(503), cut, server=server)
    ended = download("@1.4.2", "--json")
    assert ended.code == 0, ended.err
    assert Path(NAME).read_bytes() == DATA
    sent = [seen.headers for seen in proxy.requests("GET", LINK, server)]
    half = len(DATA) // 2
    assert [headers.get("Range") for headers in sent] == [
        None,
        *[f"bytes={half}-"] * 2,
        f"bytes={half + half // 2}-",
    ]
    tag = f'"storage-{DIGEST}"' if server == "storage" else f'"{DIGEST}"'
    assert {headers.get("If-Range") for headers in sent[1:]} == {tag}


def test_partial_file_is_completed_by_the_next_run(download: Run, proxy: Proxy) -> None:
    proxy.fail("GET", LINK, cut)
    assert download("@1.4.2", "--retries", "0").code == 5
    assert Path(f"{NAME}.part").stat().st_size == len(DATA) // 2
    proxy.seen.clear()
    assert download().code == 0
    assert Path(NAME).read_bytes() == DATA
    (last,) = proxy.requests("GET", LINK)
    assert last.headers["Range"] == f"bytes={len(DATA) // 2}-"


def test_interrupted_download_keeps_the_partial_file_only(download: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(task: SilentTask, count: int) -> None:
        raise KeyboardInterrupt(signal.SIGTERM)

    monkeypatch.setattr(SilentTask, "advance", interrupt)
    ended = download("@1.4.2", "--quiet")
    assert ended.code == 143
    assert "Run the same command again to resume." in ended.err
    assert Path(f"{NAME}.part").stat().st_size
    assert not Path(NAME).exists()


def test_partial_file_with_other_bytes_is_not_used(download: Run) -> None:
    Path(f"{NAME}.part").write_bytes(b"something else")
    assert download().code == 0
    assert Path(NAME).read_bytes() == DATA


@pytest.mark.parametrize("server", ["hub", "storage"])
def test_file_with_a_wrong_digest_is_deleted_and_exits_with_4(download: Run, proxy: Proxy, server: str) -> None:
    if server == "storage":
        proxy.fail("GET", LINK, redirect_to_storage)
    proxy.fail("GET", LINK, alter_answer, server=server)
    ended = download("@1.4.2", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (4, "digest_differs")
    assert not list(Path().iterdir())


def test_file_with_a_wrong_digest_is_kept_with_no_verify(download: Run, proxy: Proxy) -> None:
    proxy.fail("GET", LINK, alter_answer)
    ended = download("@1.4.2", "--no-verify", "--json")
    assert (ended.code, ended.json["verified"]) == (0, False)
    assert Path(NAME).exists()


def test_key_does_not_follow_a_redirect(download: Run, proxy: Proxy, released: Shelf) -> None:
    proxy.fail("GET", LINK, redirect_to_storage)
    assert download().code == 0
    assert proxy.requests("GET", LINK)[0].headers["XF-Api-Key"] == released.key
    (sent,) = proxy.requests("GET", LINK, "storage")
    assert released.key not in str(sent.headers)


def test_file_that_is_already_there_is_not_downloaded(download: Run, proxy: Proxy) -> None:
    Path(NAME).write_bytes(DATA)
    assert download("@1.4.2", "--json").json["was_there"] is True
    assert not proxy.requests("GET", LINK)


@pytest.mark.parametrize("name", ["../evil.sh", "/etc/evil.sh", "..\\evil.sh"])
def test_hostile_file_name_stays_in_the_folder(download: Run, proxy: Proxy, tmp_path: Path, name: str) -> None:
    proxy.fail("HEAD", LINK, answer_with(content_disposition=f"attachment; filename*=UTF-8''{name}"))
    ended = download("@1.4.2", "--json")
    assert (ended.code, ended.json["path"]) == (0, "evil.sh")
    assert not (tmp_path / "evil.sh").exists()


def test_missing_file_exits_with_6_and_lists_the_files_of_the_version(download: Run) -> None:
    ended = download("@1.4.2", "--file", "nope.zip", "--json")
    assert ended.code == 6
    assert NAME in ended.json["error"]["hint"]
    ended = download("", "--platform", "android", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (6, "not_found")
    assert NAME in ended.json["error"]["hint"]


def test_anonymous_user_needs_no_key(anonymous: Run, proxy: Proxy, released: Shelf) -> None:
    assert anonymous("--url", proxy.url, "download", released.slug, "--platform", "windows").code == 0
    assert not any("XF-Api-Key" in seen.headers for seen in proxy.seen)


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--verify",), 4)])
def test_file_without_a_digest_of_the_hub_is_not_verified(
    download: Run, proxy: Proxy, released: Shelf, words: tuple[str, ...], code: int
) -> None:
    headers = {"Location": f"{proxy.storage_url}/d/{released.slug}/1.4.2/{NAME}", "X_ReleaseHub_Version": "1.4.2"}
    elsewhere = status(302, **headers)
    proxy.fail("HEAD", LINK, elsewhere)
    proxy.fail("GET", LINK, elsewhere)
    ended = download("@1.4.2", *words)
    assert ended.code == code
    assert "not verified" in ended.err or "unverified" in ended.err


def test_renamed_download_is_downloaded_and_verified(run: Run, proxy: Proxy, released: Shelf) -> None:
    for number, link in enumerate(("latest/linux-x64", f"1.4.2/{NAME}")):
        moved = status(308, Location=f"/d/{released.slug}/{link}")
        for method in ("HEAD", "GET"):
            proxy.fail(method, f"/d/former/{link}", moved)
        version, words = ("", ("--platform", "linux-x64")) if number == 0 else ("@1.4.2", ("--file", NAME))
        ended = run("download", f"former{version}", *words, "-o", f"file-{number}", "--json")
        assert (ended.code, ended.json["verified"]) == (0, True), ended.err
        assert Path(f"file-{number}").read_bytes() == DATA
    assert not proxy.requests("GET", ".*", "storage")


def test_redirects_of_a_hub_to_itself_end(download: Run, proxy: Proxy) -> None:
    proxy.fail("HEAD", LINK, *[status(308, Location="/d/tool/1.0/x")] * 50)
    ended = download("@1.4.2", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "moved")


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    ("code", "location", "error"),
    [(301, "https://127.0.0.1:1/d/tool", "moved"), (302, "http://sign-in.invalid/?rd=x", "moved"), (200, "", "no_hub")],
)
def test_response_of_a_proxy_is_not_taken_for_a_file(
    download: Run, proxy: Proxy, method: str, code: int, location: str, error: str
) -> None:
    fault = status(code, b"<html>" if method == "GET" else b"", **({"Location": location} if location else {}))
    proxy.fail(method, LINK, fault)
    ended = download("@1.4.2", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, error)
    assert not list(Path().iterdir())


@pytest.mark.parametrize("place", ["-", "missing/", ""])
def test_output_that_is_neither_a_file_nor_a_folder_is_refused(download: Run, place: str) -> None:
    ended = download("@1.4.2", "-o", place, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (2, "usage")
    assert not list(Path().iterdir())


def test_file_for_this_machine_is_downloaded(run: Run, shelf: Shelf) -> None:
    others = {"freebsd_riscv64": b"freebsd", "ios_arm64": b"ios"}
    shelf.release("1.0.0", **others, **{HERE.replace("-", "_"): b"own"})
    for version in ("", "@v1.0.0", "@latest"):
        ended = run("download", f"{shelf.slug}{version}", "--json")
        assert (ended.code, ended.json["path"]) == (0, f"tool-{HERE}.bin")
    primary = run("download", shelf.slug, "--platform", "any", "--json").json
    assert primary["path"] == "tool-ios-arm64.bin"  # a build for most machines comes first


def test_yanked_version_is_downloaded_and_verified_with_a_warning(run: Run, shelf: Shelf) -> None:
    version = shelf.release("1.0.0", **{HERE.replace("-", "_"): DATA})
    shelf.post(f"mc-dm-versions/{version}/yank/", {"reason": "it breaks"})
    ended = run("download", f"{shelf.slug}@1.0.0", "--json")
    assert (ended.code, ended.json["yanked"]) == (0, "it breaks")
    assert "was yanked: it breaks" in ended.err
    ended = run("verify", f"{shelf.slug}@1.0.0", f"tool-{HERE}.bin")
    assert (ended.code, "was yanked: it breaks" in ended.err) == (0, True)
    assert run("download", shelf.slug).code == 6


def test_device_is_never_replaced(download: Run) -> None:
    os.mkfifo("pipe")
    ended = download("@1.4.2", "-o", "pipe", "--json")
    assert (ended.code, ended.json["error"]["code"], Path("pipe").is_fifo()) == (2, "usage", True)


def test_verify_accepts_the_files_of_the_hub(run: Run, released: Shelf) -> None:
    Path(NAME).write_bytes(DATA)
    for words in ((f"{released.slug}@1.4.2", NAME), (NAME, "--download", released.slug, "--version", "1.4.2")):
        ended = run("verify", *words)
        assert (ended.code, ended.out) == (0, f"{NAME}: OK\n")


@pytest.mark.parametrize(("name", "code"), [(NAME, 4), ("unknown.zip", 6)])
def test_verify_tells_a_wrong_digest_from_an_unknown_file(run: Run, released: Shelf, name: str, code: int) -> None:
    Path(name).write_bytes(b"other")
    assert run("verify", f"{released.slug}@1.4.2", name).code == code


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
def test_malformed_command_lines_are_usage_errors(anonymous: Run, words: tuple[str, ...]) -> None:
    assert anonymous("--url", "http://127.0.0.1:1", "--key", "rh_x", *words).code == 2
