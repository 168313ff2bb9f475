"""The primary file follows from the files of a version, not from the moment each of them arrived."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from files.inspection.findings import Finding
from files.models import File
from files.services import restore_file, update_file
from files.targets import target_in_name
from files.uploads.validating import decide
from releasehub.distribution.suitable_files import best_file
from releasehub.publishing.deletion import delete_file
from tests.factories.releases import make_file, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db

Builds = tuple[dict[str, Any], ...]
BUILDS: Builds = (
    {"name": "tool-linux.tar.gz", "platform": "linux"},
    {"name": "tool-windows.zip", "platform": "windows"},
    {"name": "tool-any.jar"},
    {"name": "a.sbom", "kind": "sbom"},
)


def rotations(builds: Builds) -> list[Builds]:
    return [builds[first:] + builds[:first] for first in range(len(builds))]


def primary(version: Version) -> str:
    return ", ".join(File.all_objects.filter(version=version, is_primary=True).values_list("filename", flat=True))


@pytest.mark.embedded
def test_the_primary_file_does_not_depend_on_what_arrived_first() -> None:
    for builds in (*rotations(BUILDS), *rotations(BUILDS[::-1])):
        version = make_version()
        for build in builds:
            make_file(version, **build)
        assert primary(version) == "tool-any.jar"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"name": "z.zip"}, {"name": "a.zip", "kind": "signature"}),
        ({"name": "z.zip"}, {"name": "SHA256SUMS"}),
        ({"name": "z.zip"}, {"name": "a.ZIP.asc"}),
        ({"name": "z.lock", "kind": "lockfile"}, {"name": "a.sbom", "kind": "sbom"}),
        ({"name": "z.zip", "display_order": 1}, {"name": "a.zip", "display_order": 2}),
        ({"name": "z.zip", "display_order": 7}, {"name": "a.zip"}),
        ({"name": "z.zip"}, {"name": "a.zip", "platform": "linux"}),
        ({"name": "z.zip", "platform": "linux"}, {"name": "a.zip", "platform": "linux", "architecture": "x64"}),
        (
            {"name": "z.zip", "platform": "linux", "architecture": "amd64"},
            {"name": "a.zip", "platform": "linux", "architecture": "arm64"},
        ),
        (
            {"name": "z.dmg", "platform": "macos", "architecture": "universal"},
            {"name": "a.dmg", "platform": "macos", "architecture": "arm64"},
        ),
        (
            {"name": "z.apk", "platform": "android", "architecture": "arm64"},
            {"name": "a.apk", "platform": "android", "architecture": "x64"},
        ),
        ({"name": "a.zip"}, {"name": "B.zip"}),
        ({"name": "tool-linux.tar.gz"}, {"name": "tool-linux.deb"}),
        ({"name": "tool-linux.tar.gz"}, {"name": "tool-linux-debug.tar.gz"}),
        ({"name": "z.sbom", "kind": "sbom", "platform": "linux", "is_primary": True}, {"name": "a.zip"}),
    ],
)
def test_primary_file_does_not_depend_on_upload_order(better: dict[str, Any], worse: dict[str, Any]) -> None:
    for files in ((better, worse), (worse, better)):
        version = make_version()
        for fields in files:
            make_file(version, **fields)
        assert primary(version) == better["name"]


def test_primary_choice_survives_later_files_until_it_is_withdrawn() -> None:
    version = make_version()
    chosen = make_file(version, name="z.zip", is_primary=True)
    make_file(version, name="a.zip")
    assert primary(version) == "z.zip"
    changed = update_file(actor=system(), file=chosen, is_primary=False)
    assert (primary(version), changed.is_primary) == ("a.zip", False)


def test_explicit_choice_of_the_default_primary_file_is_stored() -> None:
    version = make_version()
    first = make_file(version, name="b.zip")
    update_file(actor=system(), file=first, is_primary=True)
    make_file(version, name="a.zip")
    assert primary(version) == "b.zip"


def test_last_primary_choice_wins_over_a_deleted_choice() -> None:
    version = make_version()
    first, second = make_file(version, name="a.zip", is_primary=True), make_file(version, name="b.zip")
    delete_file(actor=system(), file=first)
    update_file(actor=system(), file=second, is_primary=True)
    restore_file(actor=system(), file=first)
    assert primary(version) == "b.zip"


@pytest.mark.parametrize("hard", [False, True])
def test_deleting_the_primary_file_elects_the_next_one(hard: bool) -> None:
    version = make_version()
    first = make_file(version, name="a.zip")
    make_file(version, name="c.zip")
    make_file(version, name="b.zip")
    delete_file(actor=system(), file=first, hard=hard)
    assert primary(version) == "b.zip"


def test_a_restored_file_is_primary_again() -> None:
    version = make_version()
    first = make_file(version, name="a.zip")
    make_file(version, name="b.zip")
    delete_file(actor=system(), file=first)
    assert restore_file(actor=system(), file=File.all_objects.get(pk=first.pk)).is_primary
    assert primary(version) == "a.zip"


def test_failed_file_stops_being_the_primary_file() -> None:
    version = make_version()
    first, _ = make_file(version, name="a.zip"), make_file(version, name="b.zip")
    File.objects.filter(pk=first.pk).update(validation_status=File.Validation.PENDING)
    decide(first, [Finding("zip.bad", "Not a zip archive.")])
    assert primary(version) == "b.zip"


def test_changing_the_kind_changes_the_primary_file() -> None:
    version = make_version()
    first, _ = make_file(version, name="a.zip"), make_file(version, name="b.zip")
    update_file(actor=system(), file=first, kind="signature")
    assert primary(version) == "b.zip"


def test_every_row_with_a_changed_position_gets_a_new_etag() -> None:
    version = make_version()
    before = make_file(version, name="b.zip")
    after = make_file(version, name="a.zip")
    assert File.objects.get(pk=before.pk).updated_at > before.updated_at
    assert File.objects.get(pk=after.pk).updated_at == after.updated_at


def test_offered_file_is_one_that_names_the_system_if_there_is_one() -> None:
    version = make_version()
    make_file(version, name="tool-linux.tar.gz", platform="linux")
    make_file(version, name="tool-linux-arm64.tar.gz", platform="linux", architecture="arm64")
    make_file(version, name="tool-windows.zip.sig", platform="windows", kind="signature")
    make_file(version, name="tool-mac.dmg", platform="macos", architecture="universal")
    make_file(version, name="tool.jar")
    make_file(version, name="SHA256SUMS")
    expected = {
        ("", ""): "tool.jar",
        ("linux", ""): "tool-linux.tar.gz",
        ("linux", "arm64"): "tool-linux-arm64.tar.gz",
        ("windows", "x64"): "tool.jar",
        ("macos", "arm64"): "tool-mac.dmg",
    }
    found = {words: best_file(version, *words) for words in expected}
    assert {words: file and file.filename for words, file in found.items()} == expected


def test_client_that_names_no_architecture_gets_the_build_for_most_machines() -> None:
    version = make_version()
    for name in ("linux-arm64", "linux-armv6", "linux-x86_64", "darwin-x64", "darwin-arm64"):
        platform, architecture = target_in_name(name)
        make_file(version, name=f"tool-{name}.tgz", platform=platform, architecture=architecture)
    found = {platform: best_file(version, platform) for platform in ("linux", "macos")}
    assert {platform: file and file.filename for platform, file in found.items()} == {
        "linux": "tool-linux-x86_64.tgz",
        "macos": "tool-darwin-arm64.tgz",
    }


def test_armv7_runs_programs_for_armv6_and_gets_its_own_first() -> None:
    version = make_version()
    make_file(version, name="tool-armv6.tgz", platform="linux", architecture="armv6")
    found = [best_file(version, "linux", "armv7l"), best_file(version, "linux", "arm64")]
    make_file(version, name="tool-armv7.tgz", platform="linux", architecture="armhf")
    found.append(best_file(version, "linux", "armv7"))
    assert [file and file.filename for file in found] == ["tool-armv6.tgz", None, "tool-armv7.tgz"]


def test_checksum_file_matches_no_platform() -> None:
    version = make_version()
    make_file(version, name="tool-windows.zip", platform="windows")
    make_file(version, name="SHA256SUMS")
    assert best_file(version, "linux", "x64") is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer; PostgreSQL runs this race")
def test_parallel_uploads_leave_one_primary_file_by_rule() -> None:
    names = [f"tool-{letter}.zip" for letter in "hgfedcba"]

    def add(version: Version, name: str) -> None:
        try:
            make_file(Version.objects.get(pk=version.pk), name=name, platform="linux" if name < "tool-c" else "")
        finally:
            connections.close_all()

    for _ in range(3):
        version = make_version()
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(lambda name, into=version: add(into, name), names))
        assert primary(version) == "tool-c.zip"


def test_a_further_file_is_checked_once_and_the_election_writes_only_changes() -> None:
    version = make_version()
    make_file(version, name="a.zip")
    with CaptureQueriesContext(connection) as queries:
        make_file(version, name="b.zip")
    statements = [query["sql"] or "" for query in queries]
    names = [sql for sql in statements if sql.startswith("SELECT") and "folded_name" in sql.partition("WHERE")[2]]
    assert len(names) == len(set(names)), names
    assert [sql for sql in statements if sql.startswith('UPDATE "files_file"')] == []


def test_release_of_goreleaser_offers_the_archive_of_each_system() -> None:
    """Checksums and packages of single distributions are among its files, and it declares neither platform nor kind."""
    version = make_version()
    names = [
        "tool_1.2.3_checksums.txt",
        *(f"tool_1.2.3_linux_amd64.{ending}" for ending in ("apk", "deb", "pkg.tar.zst", "rpm", "tar.gz")),
        "tool_1.2.3_windows_amd64.zip",
    ]
    for name in names:
        platform, architecture = target_in_name(name)
        make_file(version, name=name, platform=platform, architecture=architecture)
    found = {platform: best_file(version, platform) for platform in ("", "linux", "windows", "freebsd")}
    assert {platform: file and file.filename for platform, file in found.items()} == {
        "": "tool_1.2.3_linux_amd64.tar.gz",
        "linux": "tool_1.2.3_linux_amd64.tar.gz",
        "windows": "tool_1.2.3_windows_amd64.zip",
        "freebsd": None,
    }
