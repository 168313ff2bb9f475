"""Exports into a folder: what they contain, what they leave out, and what is written again."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from django.core.management import CommandError, call_command

from downloads.models import Download
from files.models import File
from files.services import link_file
from files.storage import blob_storage
from releasehub.operations.exports.layout import generated_name, version_folder
from releasehub.operations.exports.tree import ExportTree, open_tree
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_version, system
from tests.serving import serving

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def target(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "mirror"


def export(target: Path, *arguments: str) -> str:
    output = StringIO()
    call_command("export", str(target), *(arguments or ["--all"]), stdout=output, stderr=StringIO())
    return output.getvalue()


def read(target: Path, path: str) -> Any:
    return json.loads((target / path).read_text(encoding="utf-8"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_tool(**fields: Any) -> Download:
    return make_download(title="Tool", slug="tool", **fields)


def inodes(target: Path) -> dict[Path, int]:
    """Return the identity of each file. An atomic write gives a file a new one."""
    return {path: path.stat().st_ino for path in target.rglob("*") if path.is_file()}


def test_export_has_files_digests_notes_and_metadata(target: Path) -> None:
    version = make_version(
        make_tool(), "1.0.0", tag="cli/v1.0.0", release_notes="# News\n\nFaster.", changelog="- faster"
    )
    file = make_file(version, name="tool 1.0.tar.gz", content=b"bytes", platform="linux", display_label="Linux")
    assert "1 downloads, 1 versions and 1 files" in export(target)
    place = target / "d/tool/1.0.0"
    assert (place / "tool 1.0.tar.gz").read_bytes() == b"bytes"
    assert (place / "SHA256SUMS").read_text() == f"{digest(place / 'tool 1.0.tar.gz')}  tool 1.0.tar.gz\n"
    assert (place / "release-notes.md").read_text() == "# News\n\nFaster."
    metadata = read(target, "d/tool/1.0.0/version.json")
    assert (metadata["number"], metadata["tag"]) == ("1.0.0", "cli/v1.0.0")
    assert (metadata["notes"], metadata["changelog"]) == ("release-notes.md", "changelog.md")
    assert metadata["files"][0]["sha256"] == file.sha256
    assert metadata["files"][0]["platform"] == "linux"
    assert read(target, "d/tool/download.json")["versions"][0]["metadata"] == "1.0.0/version.json"
    assert read(target, "export.json")["downloads"][0]["path"] == "d/tool/"
    assert not (target / "staging").exists()


def test_export_leaves_out_what_visitors_cannot_see(target: Path) -> None:
    tool = make_tool()
    for number, fields in {"2.0.0": {"state": "draft"}, "1.1.0": {"visibility": "unlisted"}, "1.0.0": {}}.items():
        make_version(tool, number, files=1, **fields)
    secured = make_version(tool, "0.9.0")
    make_file(secured, name="secured.bin", is_secured=True)
    make_version(make_download(slug="secret", visibility="private"), "1.0.0", files=1)
    export(target)
    assert [row["number"] for row in read(target, "d/tool/download.json")["versions"]] == ["1.0.0", "0.9.0"]
    assert read(target, "d/tool/0.9.0/version.json")["files"] == []
    assert not (target / "d/tool/0.9.0/secured.bin").exists()
    assert not (target / "d/secret").exists()


def test_private_export_has_everything_and_is_private(target: Path) -> None:
    version = make_version(make_tool(visibility="private"), "1.0.0", state="draft")
    make_file(version, name="secured.bin", is_secured=True)
    export(target, "--all", "--private")
    path = target / "d/tool/1.0.0/secured.bin"
    assert path.stat().st_mode & 0o077 == 0
    assert read(target, "export.json")["contains_private"] is True
    with pytest.raises(CommandError, match="export of private versions"):
        export(target)


def test_public_export_is_readable_for_a_web_server(target: Path) -> None:
    make_version(make_tool(), "1.0.0", files=1)
    export(target)
    assert (target / "d/tool/1.0.0/file-0.bin").stat().st_mode & 0o444 == 0o444


def test_second_export_writes_nothing(target: Path) -> None:
    make_version(make_tool(), "1.0.0", files=3)
    export(target)
    before = inodes(target)
    assert "0 files are new" in export(target)
    assert inodes(target) == before


def test_export_replaces_a_file_with_other_content(target: Path) -> None:
    file = make_file(make_version(make_tool(), "1.0.0"), name="tool.bin", content=b"right")
    export(target)
    path = target / "d/tool/1.0.0/tool.bin"
    path.write_bytes(b"wrong")
    assert "1 files are new" in export(target)
    assert digest(path) == file.sha256


def test_interrupted_export_continues(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = make_version(make_tool(), "1.0.0", files=3)
    original, calls = ExportTree.copy_blob, []

    def stop_at_second(tree: ExportTree, path: str, blob: Any) -> bool:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(tree, path, blob)

    monkeypatch.setattr(ExportTree, "copy_blob", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        export(target)
    assert read(target, "export.json")["is_complete"] is False
    (target / "staging").mkdir(exist_ok=True)
    (target / "staging/killed").write_bytes(b"half a fi")
    assert "2 files are new" in export(target)
    assert read(target, "export.json")["is_complete"] is True
    assert not (target / "staging").exists()
    assert len(list((target / "d/tool" / version.number).glob("*.bin"))) == 3


def test_missing_and_damaged_bytes_are_reported_and_not_exported(target: Path) -> None:
    version = make_version(make_tool(), "1.0.0")
    lost, damaged = make_file(version, name="lost.bin"), make_file(version, name="damaged.bin", content=b"right")
    good = make_file(version, name="good.bin")
    assert lost.blob
    assert damaged.blob
    blob_storage().delete(lost.blob.storage_key)
    Path(blob_storage().root, damaged.blob.storage_key).write_bytes(b"wrong")  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="2 files could not be exported"):
        export(target)
    assert [row["filename"] for row in read(target, "d/tool/1.0.0/version.json")["files"]] == [good.filename]
    assert not (target / "d/tool/1.0.0/damaged.bin").exists()


def test_deleted_versions_are_reported_and_removed_on_request(target: Path) -> None:
    tool = make_tool()
    gone = make_version(tool, "1.0.0", files=1)
    make_version(tool, "1.1.0", files=1)
    export(target)
    delete_version(actor=system(), version=gone)
    assert "4 files are no longer part of the export. Add --delete" in export(target)
    assert (target / "d/tool/1.0.0").exists()
    assert "were deleted" in export(target, "--all", "--delete")
    assert not (target / "d/tool/1.0.0").exists()
    assert (target / "d/tool/1.1.0/file-0.bin").exists()


def test_export_of_one_download_keeps_the_others(target: Path) -> None:
    make_version(make_tool(), "1.0.0", files=1)
    make_version(make_download(slug="other"), "2.0.0", files=1)
    export(target, "--download", "tool")
    export(target, "--download", "other", "--delete")
    assert [row["slug"] for row in read(target, "export.json")["downloads"]] == ["other", "tool"]
    assert (target / "d/tool/1.0.0/file-0.bin").exists()


@pytest.mark.parametrize(
    ("slugs", "message"), [("nothing", "no download with the slug nothing"), ("secret", "--private")]
)
def test_export_explains_a_slug_that_it_cannot_export(target: Path, slugs: str, message: str) -> None:
    make_download(slug="secret", visibility="private")
    with pytest.raises(CommandError, match=message):
        export(target, "--download", slugs)
    assert not target.exists()


def test_export_refuses_a_folder_with_other_files(target: Path) -> None:
    target.mkdir()
    (target / "important.txt").write_text("not an export")
    with pytest.raises(CommandError, match="contains other files"):
        export(target)


def test_export_refuses_the_folder_of_stored_files(target: Path, settings: Any) -> None:
    with pytest.raises(CommandError, match="inside the stored files"):
        export(Path(settings.FILES_DIR) / "mirror")


def test_one_export_at_a_time(target: Path) -> None:
    with open_tree(str(target), is_private=False), pytest.raises(CommandError, match="Another export"):
        export(target)


def test_number_in_two_channels_has_two_folders(target: Path) -> None:
    tool = make_tool()
    beta = make_version(tool, "1.0.0", channel="beta")
    make_version(tool, "1.0.0")
    export(target)
    entries = {row["channel"]: row["path"] for row in read(target, "d/tool/download.json")["versions"]}
    assert entries == {"stable": "1.0.0/", "beta": f"1.0.0@{beta.public_id}/"}


def test_files_keep_their_names_before_generated_files(target: Path) -> None:
    version = make_version(make_tool(), "1.0.0", release_notes="notes")
    for name in ("index.html", "Version.json", "release-notes.md", "SHA256SUMS"):
        make_file(version, name=name, content=name.encode())
    export(target)
    place = target / "d/tool/1.0.0"
    for name in ("index.html", "Version.json", "release-notes.md", "SHA256SUMS"):
        assert (place / name).read_bytes() == name.encode()
    entry = read(target, "d/tool/download.json")["versions"][0]
    assert entry["metadata"] == "1.0.0/_version.json"
    metadata = read(target, "d/tool/1.0.0/_version.json")
    assert (metadata["notes"], metadata["checksums"]) == ("_release-notes.md", None)


@pytest.mark.parametrize("number", ["index.html", "download.json", "con"])
def test_number_that_is_no_name_for_a_folder_gets_another(number: str) -> None:
    assert version_folder(number, "abc", set()) in {f"{number}@abc", "@abc"}


def test_names_that_differ_in_case_do_not_meet() -> None:
    assert version_folder("RC1", "abc", {"rc1"}) == "RC1@abc"
    assert generated_name("index.html", {"index.html", "_index.html"}) == "__index.html"


def test_links_are_in_the_metadata_only(target: Path) -> None:
    version = make_version(make_tool(), "1.0.0")
    file = link_file(actor=system(), version=version, url="https://example.org/tool.bin", filename="tool.bin")
    File.objects.filter(pk=file.pk).update(validation_status=File.Validation.PASSED)
    export(target)
    entry = read(target, "d/tool/1.0.0/version.json")["files"][0]
    assert (entry["path"], entry["external_url"]) == (None, "https://example.org/tool.bin")
    assert 'href="https://example.org/tool.bin"' in (target / "d/tool/1.0.0/index.html").read_text()


def test_yanked_version_says_why(target: Path) -> None:
    version = make_version(make_tool(), "1.0.0", files=1)
    move(Move.YANK, actor=system(), version=version, reason="Loses <data>.")
    export(target)
    assert read(target, "d/tool/1.0.0/version.json")["yank_reason"] == "Loses <data>."
    assert "This version was yanked: Loses &lt;data&gt;." in (target / "d/tool/1.0.0/index.html").read_text()


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    with serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None: ...


def test_web_server_serves_the_permanent_links_and_every_link_of_the_pages(target: Path) -> None:
    version = make_version(make_tool(), "1.0.0", release_notes="notes")
    for name in ("a#b%20c.bin", "ä ü.bin", "-x;y=z&.bin"):
        make_file(version, name=name, content=name.encode())
    export(target)
    with web_server(target) as url:
        link = f"{url}/d/tool/1.0.0/{quote('a#b%20c.bin')}"
        with urllib.request.urlopen(link) as answer:
            assert answer.read() == b"a#b%20c.bin"
        seen, waiting = set(), [f"{url}/index.html"]
        while waiting:
            page = waiting.pop()
            if page in seen:
                continue
            seen.add(page)
            with urllib.request.urlopen(page) as answer:
                text = answer.read().decode() if page.endswith("index.html") else ""
            waiting += [urljoin(page, unescape(href)) for href in re.findall(r'href="([^"]+)"', text)]
    assert len([page for page in seen if page.endswith(".bin")]) == 3
    assert f"{url}/d/tool/1.0.0/SHA256SUMS" in seen
