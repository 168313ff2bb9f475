"""`gh release`, in the version of Debian and in a current one: everything that its help lists."""

from __future__ import annotations

import hashlib
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.programs import Gh
from tests.clients.relay import HoldingRelay

Files = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A function that writes a file of so many random bytes, the same ones for the same name and seed."""

    def write(name: str, size: int = 1000, seed: int = 0) -> Path:
        path = tmp_path / "dist" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(random.Random(f"{name}{seed}").randbytes(size))
        return path

    return write


def digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def downloaded(gh: Gh, folder: Path, *words: str) -> dict[str, str]:
    """Return the digests of what `gh release download` fetches."""
    gh("release", "download", *words, "--dir", folder).ok()
    return {path.name: digest(path) for path in folder.iterdir()}


def listed(gh: Gh) -> list[list[str]]:
    """Return the columns of `gh release list`: title, type, tag name, time."""
    return [line.split("\t") for line in gh("release", "list").ok().out.splitlines()]


def viewed(gh: Gh, *words: str) -> Any:
    fields = "tagName,name,body,isDraft,isPrerelease,assets,author,publishedAt,url,databaseId"
    fields = fields if "databaseId" in gh("release", "view", "--json").err else fields.removesuffix(",databaseId")
    return gh("release", "view", *words, "--json", fields).ok().json


def test_create_list_view_and_download(gh: Gh, files: Files, tmp_path: Path) -> None:
    zipped, notes = files("tool 1.0.zip.bin"), files("notes.txt")
    created = gh(
        "release", "create", "v1.0.0", zipped, f"{notes}#What is new", "--title", "First", "--notes", "**Good**"
    ).ok()
    site, name = gh.programs.site, gh.repository.full_name
    assert created.out.strip() == f"{site.tls_url}/{name}/releases/tag/v1.0.0"
    (row,) = listed(gh)
    assert row[:3] == ["First", "Latest", "v1.0.0"]
    for words in ((), ("v1.0.0",)):
        shown = viewed(gh, *words)
        assert (shown["tagName"], shown["name"], shown["body"]) == ("v1.0.0", "First", "**Good**")
        assert (shown["isDraft"], shown["isPrerelease"], shown["author"]["login"]) == (False, False, "ann")
        labels = {asset["name"]: (asset["label"], asset["size"]) for asset in shown["assets"]}
        assert labels == {zipped.name: ("", 1000), notes.name: ("What is new", 1000)}
    sent = {path.name: digest(path) for path in (zipped, notes)}
    assert downloaded(gh, tmp_path / "by-tag", "v1.0.0") == sent
    assert downloaded(gh, tmp_path / "latest", "--pattern", "notes*") == {notes.name: digest(notes)}
    assert {asset["name"]: asset["digest"] for asset in gh.repository.by_tag("v1.0.0")["assets"]} == sent


def test_upload_and_clobber(gh: Gh, files: Files, tmp_path: Path) -> None:
    gh.repository.create("v1.0.0", draft=True)
    first, empty = files("tool.bin"), files("empty.txt", 0)
    gh("release", "upload", "v1.0.0", first, empty).ok()
    changed = files("tool.bin", 2000, seed=1)
    refused = gh("release", "upload", "v1.0.0", changed)
    assert refused.code == 1
    assert "already exists" in refused.err
    gh("release", "upload", "v1.0.0", changed, "--clobber").ok()
    assert downloaded(gh, tmp_path / "got", "v1.0.0") == {changed.name: digest(changed), "empty.txt": digest(empty)}


def test_clobber_never_loses_a_published_file(gh: Gh, files: Files) -> None:
    gh("release", "create", "v1.0.0", files("tool.bin"), "--notes", "").ok()
    (published,) = gh.repository.by_tag("v1.0.0")["assets"]
    refused = gh("release", "upload", "v1.0.0", files("tool.bin", 2000, seed=1), "--clobber")
    assert refused.code == 1
    assert "is still there" in refused.err
    (kept,) = gh.repository.by_tag("v1.0.0")["assets"]
    assert (kept["id"], kept["digest"]) == (published["id"], published["digest"])
    gh("release", "upload", "v1.0.0", files("tool.bin"), "--clobber").ok()
    assert [asset["digest"] for asset in gh.repository.by_tag("v1.0.0")["assets"]] == [published["digest"]]


def test_draft_of_a_failed_run_is_published_without_files(gh: Gh, files: Files) -> None:
    gh("release", "create", "v1.0.0", files("tool.bin"), "--draft", "--notes", "").ok()
    gh("release", "create", "v1.0.0", "--notes", "No files").ok()
    shown = viewed(gh, "v1.0.0")
    assert (shown["isDraft"], shown["body"], shown["assets"]) == (False, "No files", [])


def test_edit_and_delete_asset(gh: Gh, files: Files) -> None:
    gh("release", "create", "v1.0.0", files("a.bin"), files("b.bin"), "--draft", "--notes", "").ok()
    gh("release", "delete-asset", "v1.0.0", "a.bin", "--yes").ok()
    gh("release", "edit", "v1.0.0", "--title", "Edited", "--notes", "New", "--draft=false").ok()
    shown = viewed(gh, "v1.0.0")
    assert (shown["name"], shown["body"], shown["isDraft"]) == ("Edited", "New", False)
    assert [asset["name"] for asset in shown["assets"]] == ["b.bin"]


def test_draft_with_generated_notes_is_published(gh: Gh, files: Files) -> None:
    gh.repository.create("v1.0.0", body="The first one")
    gh("release", "create", "v1.1.0", files("a.bin"), "--draft", "--generate-notes").ok()
    assert [row[1:3] for row in listed(gh)] == [["Draft", "v1.1.0"], ["Latest", "v1.0.0"]]
    assert gh.repository.get("/releases/tags/v1.1.0").status_code == 404
    gh("release", "edit", "v1.1.0", "--draft=false").ok()
    assert viewed(gh)["tagName"] == "v1.1.0"
    assert [row[1:3] for row in listed(gh)] == [["Latest", "v1.1.0"], ["", "v1.0.0"]]


def test_prerelease_is_not_the_latest(gh: Gh) -> None:
    gh("release", "create", "v1.0.0", "--notes", "").ok()
    gh("release", "create", "v2.0.0-rc.1", "--notes", "", "--prerelease").ok()
    assert [row[1:3] for row in listed(gh)] == [["Pre-release", "v2.0.0-rc.1"], ["Latest", "v1.0.0"]]
    assert viewed(gh)["tagName"] == "v1.0.0"


def test_verify_tag_refuses_an_unknown_tag(gh: Gh) -> None:
    refused = gh("release", "create", "v1.0.0", "--verify-tag", "--notes", "")
    assert refused.code == 1
    assert "v1.0.0" in refused.err
    assert gh.repository.releases() == []


@pytest.mark.parametrize("tag", ["cli/v1.2+b1", "tool@1.2"])
def test_tags_of_monorepos(gh: Gh, files: Files, tmp_path: Path, tag: str) -> None:
    sent = files("a.bin")
    gh("release", "create", tag, sent, "--notes", "").ok()
    assert viewed(gh, tag)["tagName"] == tag
    assert downloaded(gh, tmp_path / "got", tag) == {"a.bin": digest(sent)}
    gh("release", "delete", tag, "--cleanup-tag", "--yes").ok()
    assert gh.repository.releases() == []


def test_unknown_releases_and_repositories_are_named(gh: Gh) -> None:
    missing = gh("release", "view", "v9")
    assert missing.code == 1
    assert "release not found" in missing.err
    unknown = gh("release", "list", "--repo", f"{gh.programs.site.tls_host}/ann/nothing")
    assert unknown.code == 1


def test_a_key_without_the_scope_cannot_write(gh: Gh, files: Files) -> None:
    gh.repository.create("v1.0.0")
    reader = gh.programs.site.keys["reader"]
    assert gh("release", "view", "v1.0.0", key=reader).ok()
    for words in (
        ("create", "v2.0.0", "--notes", ""),
        ("upload", "v1.0.0", files("a.bin")),
        ("edit", "v1.0.0", "--title", "Mine"),
        ("delete", "v1.0.0", "--yes"),
    ):
        assert gh("release", *words, key=reader).code == 1, words
    (release,) = gh.repository.releases()
    assert release["name"] != "Mine"
    assert release["assets"] == []


def test_two_creates_at_once_make_one_release(gh: Gh, files: Files, tmp_path: Path) -> None:
    sent = [files("a.bin", 300_000), files("b.bin", 300_000)]
    runs = [gh.start("release", "create", "v1.0.0", *sent, "--notes", "") for _ in range(2)]
    texts = [run.communicate() for run in runs]
    assert 0 in [run.returncode for run in runs], texts
    (release,) = gh.repository.releases()
    assert (release["tag_name"], release["draft"]) == ("v1.0.0", False), texts
    assert downloaded(gh, tmp_path / "got", "v1.0.0") == {path.name: digest(path) for path in sent}, texts


def test_two_creates_with_other_bytes_publish_those_of_one_run(gh: Gh, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        for name in ("a.bin", "b.bin"):
            (folder / name).write_bytes(random.Random(f"{folder}{name}").randbytes(300_000))
    runs = [gh.start("release", "create", "v1.0.0", *folder.iterdir(), "--notes", "") for folder in folders]
    texts = [run.communicate() for run in runs]
    codes = [run.returncode for run in runs]
    assert sorted(codes) == [0, 1], texts
    (release,) = gh.repository.releases()
    assert (release["tag_name"], release["draft"]) == ("v1.0.0", False), texts
    sent = {path.name: digest(path) for path in folders[codes.index(0)].iterdir()}
    assert downloaded(gh, tmp_path / "got", "v1.0.0") == sent, texts


def test_killed_upload_is_sent_again(gh: Gh, files: Files, tmp_path: Path) -> None:
    gh.repository.create("v1.0.0", draft=True)
    large = files("large.bin", 8_000_000)
    relay = HoldingRelay(int(gh.programs.site.tls_host.rpartition(":")[2]), limit=2_000_000)
    process = gh.start("release", "upload", "v1.0.0", large, host=f"localhost:{relay.port}")
    assert relay.held.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    relay.close()
    gh("release", "upload", "v1.0.0", large).ok()
    gh("release", "edit", "v1.0.0", "--draft=false").ok()
    assert downloaded(gh, tmp_path / "got", "v1.0.0") == {"large.bin": digest(large)}
