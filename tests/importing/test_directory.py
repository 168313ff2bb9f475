"""What a folder gives: a plain one, an exported one, and one that somebody has made to do harm."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from releasehub.core.errors import Invalid
from releasehub.importing.sources import local_folder
from releasehub.importing.sources.base import ReleaseSource, SourceRefused, SourceRelease, SourceSettings
from releasehub.importing.sources.registry import KINDS

pytestmark = pytest.mark.embedded
BODY = b"bytes"
SHA256 = hashlib.sha256(BODY).hexdigest()


def source_of(path: Path, download: str = "") -> ReleaseSource:
    return KINDS["directory"].build(SourceSettings(str(path), options={"download": download} if download else {}))


def releases(path: Path, download: str = "") -> list[SourceRelease]:
    return list(source_of(path, download).releases())


def write(path: Path, content: bytes | str | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def write_tree(root: Path, *, file: dict[str, Any] | None = None, **version: Any) -> None:
    """Write an export with one version and one file."""
    kind = {"format_version": 1}
    row = {"filename": "tool.bin", "path": "tool.bin", "size_bytes": len(BODY), "sha256": SHA256, **(file or {})}
    notes = {"notes": "release-notes.md", "number": "1.0.0", "channel": "stable", "state": "published"}
    write(
        root / "export.json",
        {**kind, "format": "releasehub-export", "downloads": [{"slug": "tool", "path": "d/tool/"}]},
    )
    download = {"format": "releasehub-export-download", "versions": [{"metadata": "1.0.0/version.json"}]}
    write(root / "d/tool/download.json", {**kind, **download})
    folder = root / "d/tool/1.0.0"
    write(folder / "version.json", {**kind, "format": "releasehub-export-version", "files": [row], **notes, **version})
    write(folder / "release-notes.md", "# News")
    write(folder / "tool.bin", BODY)


def read(source: ReleaseSource, release: SourceRelease, start: int = 0) -> bytes:
    with source.open(release.assets[0], start=start) as opened:
        return b"".join(opened.chunks)


def test_folder_of_folders_has_a_release_for_each(tmp_path: Path) -> None:
    write(tmp_path / "1.0.0/tool.zip", BODY)
    write(tmp_path / "1.10.0/tool.zip", BODY)
    write(tmp_path / "1.9.0/tool.zip", BODY)
    write(tmp_path / "1.9.0/Release-Notes.md", "# Nine")
    found = releases(tmp_path)
    assert [(release.number, release.notes) for release in found] == [
        ("1.10.0", ""),
        ("1.9.0", "# Nine"),
        ("1.0.0", ""),
    ]
    assert [asset.name for asset in found[1].assets] == ["tool.zip"]
    assert found[0].published_at is not None


def test_folder_of_files_is_grouped_by_the_versions_in_their_names(tmp_path: Path) -> None:
    for name in ("tool-1.4.0-linux-x64.tar.gz", "tool-1.4.0-windows.zip", "tool_v2.0.0-rc.1.zip", "lib2-1.4.1.tar.gz"):
        write(tmp_path / name, BODY)
    found = {release.number: [asset.name for asset in release.assets] for release in releases(tmp_path)}
    assert found == {
        "2.0.0-rc.1": ["tool_v2.0.0-rc.1.zip"],
        "1.4.1": ["lib2-1.4.1.tar.gz"],
        "1.4.0": ["tool-1.4.0-linux-x64.tar.gz", "tool-1.4.0-windows.zip"],
    }


def test_checksums_of_a_plain_folder_are_read(tmp_path: Path) -> None:
    write(tmp_path / "1.0.0/tool.bin", BODY)
    write(tmp_path / "1.0.0/SHA256SUMS", f"{SHA256}  tool.bin\n{'0' * 64} *gone.bin\nnot a line\n")
    source = source_of(tmp_path)
    (release,) = source.releases()
    assert [(asset.name, asset.digest) for asset in release.assets] == [("tool.bin", f"sha256:{SHA256}")]
    assert read(source, release) == BODY
    assert read(source, release, 2) == BODY[2:]


def test_folder_named_after_a_tag_keeps_it(tmp_path: Path) -> None:
    for name in ("v1.10.0", "v1.9.0", "v2.0.0-rc.1"):
        write(tmp_path / name / "tool.bin", BODY)
    found = releases(tmp_path)
    assert [(release.tag, release.number) for release in found] == [
        ("v2.0.0-rc.1", ""),
        ("v1.10.0", ""),
        ("v1.9.0", ""),
    ]
    assert [release.is_prerelease for release in found] == [True, False, False]


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "1.0.0/tool.bin", BODY)
    write(tmp_path / "1.0.0/.DS_Store", b"x")
    write(tmp_path / ".git/config", b"x")
    assert [asset.name for release in releases(tmp_path) for asset in release.assets] == ["tool.bin"]


def test_exported_download_is_found_in_the_whole_export_and_in_its_own_folder(tmp_path: Path) -> None:
    write_tree(tmp_path)
    for path in (tmp_path, tmp_path / "d/tool"):
        source = source_of(path)
        (release,) = source.releases()
        assert (release.number, release.notes, release.assets[0].digest) == ("1.0.0", "# News", f"sha256:{SHA256}")
        assert read(source, release) == BODY


def test_export_of_several_downloads_asks_for_one(tmp_path: Path) -> None:
    write_tree(tmp_path)
    write_tree(tmp_path / "other")
    rows = [{"slug": "tool", "path": "d/tool/"}, {"slug": "lib", "path": "other/d/tool/"}]
    write(tmp_path / "export.json", {"format": "releasehub-export", "format_version": 1, "downloads": rows})
    with pytest.raises(SourceRefused, match="lib, tool"):
        releases(tmp_path)
    assert len(releases(tmp_path, "lib")) == 1


def test_relative_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="absolute"):
        source_of(Path("mirror"))


def outside(root: Path) -> None:
    write(root.parent / "secret.bin", b"secret")


def hostile_path(path: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        outside(root)
        write_tree(root, file={"path": path})

    return make


def linked_file(root: Path) -> None:
    outside(root)
    write_tree(root)
    (root / "d/tool/1.0.0/tool.bin").unlink()
    (root / "d/tool/1.0.0/tool.bin").symlink_to(root.parent / "secret.bin")


def linked_folder(root: Path) -> None:
    write_tree(root.parent / "elsewhere")
    write_tree(root)
    (root / "d/tool/1.0.0").rename(root.parent / "moved")
    (root / "d/tool/1.0.0").symlink_to(root.parent / "moved")


def pipe(root: Path) -> None:
    write_tree(root)
    (root / "d/tool/1.0.0/tool.bin").unlink()
    os.mkfifo(root / "d/tool/1.0.0/tool.bin")


def hostile_metadata(content: bytes) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        write_tree(root)
        write(root / "d/tool/1.0.0/version.json", content)

    return make


def notes_elsewhere(root: Path) -> None:
    outside(root)
    write_tree(root, notes="../../../../secret.bin")


HOSTILE: dict[str, Callable[[Path], None]] = {
    "parent": hostile_path("../../../../secret.bin"),
    "absolute": hostile_path("/etc/hostname"),
    "empty part": hostile_path("a//b"),
    "backslash": hostile_path("..\\..\\secret.bin"),
    "nul": hostile_path("tool.bin\0"),
    "missing": hostile_path("gone.bin"),
    "linked file": linked_file,
    "linked folder": linked_folder,
    "pipe": pipe,
    "notes elsewhere": notes_elsewhere,
    "no json": hostile_metadata(b"{"),
    "a list": hostile_metadata(b"[]"),
    "deep json": hostile_metadata(b'{"a":' + b"[" * 200 + b"]" * 200 + b"}"),
    "another format": hostile_metadata(b'{"format": "other", "format_version": 1}'),
    "later format": hostile_metadata(b'{"format": "releasehub-export-version", "format_version": 2}'),
    "files are no list": hostile_metadata(
        b'{"format": "releasehub-export-version", "format_version": 1, "files": {"a": 1}}'
    ),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_export_is_refused_with_a_sentence(make: Callable[[Path], None], tmp_path: Path) -> None:
    root = tmp_path / "export"
    make(root)
    source = source_of(root)
    with pytest.raises(SourceRefused) as refused:
        list(map(partial(read, source), source.releases()))
    assert refused.value.message.endswith(".")


def test_huge_metadata_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_folder, "MAX_TEXT_BYTES", 1000)
    write_tree(tmp_path, title="x" * 2000)
    with pytest.raises(SourceRefused, match="more than 1000 bytes"):
        releases(tmp_path)


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_folder, "MAX_ENTRIES", 3)
    for number in range(5):
        write(tmp_path / f"1.{number}.0/tool.bin", BODY)
    with pytest.raises(SourceRefused, match="more than 3 entries"):
        releases(tmp_path)


def empty(root: Path) -> None:
    root.mkdir()


def mixed(root: Path) -> None:
    write(root / "1.0.0/tool.bin", BODY)
    write(root / "tool-1.1.0.bin", BODY)


def unnumbered(root: Path) -> None:
    write(root / "tool.bin", BODY)


def nested(root: Path) -> None:
    write(root / "1.0.0/linux/tool.bin", BODY)


def linked(root: Path) -> None:
    outside(root)
    write(root / "1.0.0/tool.bin", BODY)
    (root / "1.0.0/link.bin").symlink_to(root.parent / "secret.bin")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "not a folder"),
        (empty, "empty"),
        (mixed, "folders and files"),
        (unnumbered, "no version in its name"),
        (nested, "1.0.0/linux is a folder"),
        (linked, "1.0.0/link.bin is a symbolic link"),
    ],
)
def test_plain_folder_that_cannot_be_imported_is_explained(
    make: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    root = tmp_path / "releases"
    make(root)
    with pytest.raises(SourceRefused, match=message):
        releases(root)
