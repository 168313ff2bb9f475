"""Exports that are imported again, and folders that somebody has made to do harm."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from downloads.models import Download
from files.models import Blob, File
from releasehub.importing.models import ImportedRelease
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_version, system
from tests.importing.test_directory import HOSTILE, write, write_tree
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def mirror(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "mirror"


def build() -> Download:
    """Make a download with one version of each kind that an export has to tell apart."""
    tool = make_download(title="Tool", slug="tool")
    first = make_version(tool, "1.0.0", tag="cli/v1.0.0", commitish="main", release_notes="# First", changelog="- born")
    make_file(first, name="tool ü.bin", content=b"one", platform="linux", architecture="arm64", display_label="Linux")
    make_file(first, name="tool.sig", content=b"signature", kind="signature", is_primary=True)
    yanked = make_version(tool, "1.1.0", files=2, title="The bad one", end_of_support="2030-01-01")
    move(Move.YANK, actor=system(), version=yanked, reason="Loses data.")
    archived = make_version(tool, "0.9.0", files=1)
    move(Move.ARCHIVE, actor=system(), version=archived)
    make_version(tool, "2.0.0-rc.1", files=1, channel="Release Candidate")
    for platform in ("linux", "windows"):
        make_file(make_version(tool, "3.0.0", platforms=[platform]), name="tool.bin", content=platform.encode())
    make_file(make_version(tool, "1.0.0", channel="nightly"), name="tool.bin", content=b"nightly")
    make_version(tool, "3.1.0", files=1, state="draft", visibility="unlisted")
    return tool


def command(name: str, *arguments: object, **options: Any) -> str:
    output = StringIO()
    call_command(name, *map(str, arguments), stdout=output, stderr=StringIO(), **options)
    return output.getvalue()


def import_into(slug: str, path: Path, *arguments: str) -> Download:
    download = Download.objects.filter(slug=slug).first() or make_download(slug=slug)
    command("import", "directory", path, "--to", slug, *arguments)
    return download


def described(download: Download) -> list[dict[str, Any]]:
    """Return everything about the versions that has to survive, in the order of their numbers."""
    names = ("number", "tag", "commitish", "title", "channel", "channel_name", "release_notes", "changelog")
    names += ("platforms", "is_twin", "state", "visibility", "yank_reason", "end_of_support")
    rows = Version.objects.filter(download=download).order_by("sort_key", "channel", "first_platform")
    return [{name: getattr(row, name) for name in names} | {"files": files_of(row)} for row in rows]


def files_of(version: Version) -> list[dict[str, Any]]:
    names = ("filename", "sha256", "kind", "platform", "architecture", "display_label", "is_primary", "is_secured")
    rows = File.objects.filter(version=version).select_related("blob").order_by("filename")
    return [{name: getattr(row, name) for name in names} for row in rows]


def test_exported_download_is_the_same_after_its_import_and_after_a_second_one(mirror: Path) -> None:
    tool = build()
    command("export", mirror, "--all", "--private")
    copy = import_into("copy", mirror, "--drafts")
    assert described(copy) == described(tool)
    for number in ("1.1.0", "3.1.0"):  # published, and a draft
        there, here = tool.versions.get(number=number), copy.versions.get(number=number)
        assert here.created_at == (there.published_at or there.created_at)
    assert Blob.objects.count() == File.objects.filter(version__download=tool).values("blob").distinct().count()
    import_into("copy", mirror, "--drafts")
    assert described(copy) == described(tool)
    assert set(ImportedRelease.objects.values_list("decision", flat=True)) == {"present"}


def test_export_of_the_copy_equals_the_first_export(mirror: Path, tmp_path: Path) -> None:
    build()
    command("export", mirror, "--download", "tool")
    import_into("copy", mirror / "d/tool")
    command("export", tmp_path / "again", "--download", "copy")
    for path in (mirror / "d/tool").rglob("*"):
        if path.is_file() and path.suffix not in {".html", ".json"} and "@" not in str(path):
            other = tmp_path / "again/d/copy" / path.relative_to(mirror / "d/tool")
            assert other.read_bytes() == path.read_bytes()


def test_dry_run_of_a_folder_makes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "1.0.0/tool.bin", b"bytes")
    make_download(slug="copy")
    output = command("import", "directory", tmp_path, "--to", "copy", "--dry-run")
    assert "1.0.0" in output
    assert not Version.objects.exists()


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_export_leaves_nothing(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "export")
    with pytest.raises(CommandError):
        import_into("copy", tmp_path / "export")
    assert not Version.objects.exists()
    assert not File.all_objects.exists()


@pytest.mark.parametrize(
    "file",
    [
        {"sha256": "0" * 64},
        {"size_bytes": 3},
        {"filename": "../tool.bin"},
        {"filename": "con"},
        {"kind": "weapon"},
    ],
)
def test_release_with_a_wrong_file_is_not_published(file: dict[str, Any], tmp_path: Path) -> None:
    write_tree(tmp_path, file=file)
    with pytest.raises(CommandError, match="1 releases were not imported"):
        import_into("copy", tmp_path)
    assert not Version.objects.exists()


@pytest.mark.parametrize(
    "version",
    [
        {"number": "../1.0"},
        {"number": "latest"},
        {"tag": "a/../b"},
        {"visibility": "secret"},
        {"end_of_support": "soon"},
    ],
)
def test_release_with_wrong_metadata_is_not_published(version: dict[str, Any], tmp_path: Path) -> None:
    write_tree(tmp_path, **version)
    with pytest.raises(CommandError, match="1 releases were not imported"):
        import_into("copy", tmp_path)
    assert not Version.objects.exists()


def test_wrong_release_does_not_hold_up_the_others(tmp_path: Path) -> None:
    write_tree(tmp_path)
    folder = tmp_path / "d/tool"
    metadata = json.loads((folder / "1.0.0/version.json").read_text())
    metadata["files"][0]["sha256"] = "0" * 64
    write(folder / "1.1.0/version.json", metadata | {"number": "1.1.0"})
    write(folder / "1.1.0/tool.bin", b"bytes")
    write(folder / "1.1.0/release-notes.md", "")
    download = json.loads((folder / "download.json").read_text())
    download["versions"].insert(0, {"metadata": "1.1.0/version.json"})
    write(folder / "download.json", download)
    with pytest.raises(CommandError, match="1 releases were not imported"):
        import_into("copy", tmp_path)
    assert [row.number for row in Version.objects.all()] == ["1.0.0"]
