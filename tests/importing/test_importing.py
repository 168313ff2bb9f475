"""Imports from a stand-in of GitHub: what they make, and what a second run changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from downloads.models import Download
from files.models import File
from releasehub.importing.models import ImportedRelease, ImportRun, ImportSource
from releasehub.importing.services import change_source
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_file, make_version, system
from tests.importing.hosts import Asset, Host, Release, stored_bytes
from versions.models import Version
from versions.services import update_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Run = Callable[..., ImportRun]


def decisions() -> dict[str, str]:
    return dict(ImportedRelease.objects.values_list("tag", "decision"))


def contents(version: Version) -> dict[str, bytes]:
    files = File.objects.filter(version=version).select_related("blob")
    return {file.filename: stored_bytes(file) for file in files}


def test_releases_become_versions_with_files_and_texts(run: Run, host: Host) -> None:
    done = run()
    assert (done.state, done.created_count, done.failed_count, done.fetched_count) == ("done", 3, 0, 4)
    first = Version.objects.get(number="1.0.0")
    assert (first.tag, first.title, first.release_notes, first.state) == ("v1.0.0", "First", "* Born", "published")
    assert contents(Version.objects.get(number="1.0.1")) == {"tool.bin": b"two" * 100, "notes.txt": b""}
    assert File.objects.get(version=first).display_label == "The tool"
    assert Version.objects.get(number="1.1.0-rc.1").channel == "rc"


def test_mark_of_the_source_decides_if_the_number_names_no_channel(run: Run, host: Host) -> None:
    """ImageMagick counts its releases after a hyphen, which is a pre-release in semver, and Godot adds a word."""
    tags = ("7.1.2-28", "7.1.2-29", "4.2.2-stable", "4.3.0-rc.1")
    host.releases = [
        Release(place, tag, [Asset(place, "a.bin", tag.encode())], prerelease=tag == "7.1.2-28")
        for place, tag in enumerate(tags, 1)
    ]
    run()
    channels = dict(Version.objects.values_list("number", "channel"))
    assert channels == dict(zip(tags, ("dev", "stable", "stable", "rc"), strict=True))


def test_platforms_are_read_from_the_names_of_files(run: Run, host: Host) -> None:
    host.releases = [Release(1, "v1.0.0", assets=[Asset(1, "tool-linux-amd64.bin", b"tool"), Asset(2, "a.txt", b"")])]
    run()
    files = File.objects.order_by("filename").values_list("filename", "platform", "architecture")
    assert list(files) == [("a.txt", "", ""), ("tool-linux-amd64.bin", "linux", "x64")]


def test_publication_is_dated_here_and_creation_there(run: Run) -> None:
    before = timezone.now()
    run()
    version = Version.objects.get(number="1.0.0")
    assert version.published_at is not None
    assert version.published_at >= before
    assert version.created_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert [row.number for row in Version.objects.all()] == ["1.1.0-rc.1", "1.0.1", "1.0.0"]


def test_second_run_changes_nothing(run: Run, host: Host) -> None:
    run()
    host.seen.clear()
    done = run()
    assert (done.state, done.created_count, done.updated_count, done.fetched_count) == ("done", 0, 0, 0)
    assert not host.file_requests()
    assert set(decisions().values()) == {"present"}
    assert Version.objects.count() == 3


def test_dry_run_lists_and_makes_nothing(run: Run, download: Download, host: Host) -> None:
    make_file(make_version(download, "1.0.0"), name="tool.bin", content=b"other")
    done = run(is_dry_run=True)
    assert done.state == "done"
    assert Version.objects.count() == 1
    assert decisions() == {"v1.1.0-rc.1": "create", "v1.0.1": "create", "v1.0.0": "conflict"}
    assert not host.file_requests()


def test_equal_version_counts_as_present(run: Run, download: Download) -> None:
    version = make_version(download, "1.0.0", release_notes="ours")
    make_file(version, name="tool.bin", content=b"one" * 100)
    run()
    assert decisions()["v1.0.0"] == "present"
    version.refresh_from_db()
    assert version.release_notes == "ours"
    assert ImportedRelease.objects.get(tag="v1.0.0").version == version


def test_changed_notes_are_taken_over_unless_they_were_changed_here(run: Run, host: Host) -> None:
    run()
    update_version(actor=system(), version=Version.objects.get(number="1.0.1"), release_notes="ours")
    host.releases[1].notes, host.releases[2].notes = "* Theirs", "* Corrected"
    done = run()
    assert done.updated_count == 1
    assert Version.objects.get(number="1.0.0").release_notes == "* Corrected"
    assert Version.objects.get(number="1.0.1").release_notes == "ours"


def test_new_file_is_added_and_a_replaced_one_is_a_conflict(run: Run, host: Host) -> None:
    run()
    host.releases[2].assets += [Asset(12, "extra.txt", b"more")]
    host.releases[1].assets[0] = Asset(29, "tool.bin", b"new" * 100)
    run()
    assert contents(Version.objects.get(number="1.0.0"))["extra.txt"] == b"more"
    assert contents(Version.objects.get(number="1.0.1"))["tool.bin"] == b"two" * 100
    row = ImportedRelease.objects.get(tag="v1.0.1")
    assert row.decision == "conflict"
    assert "other content" in row.reason


def test_promoted_prerelease_changes_its_channel(run: Run, host: Host) -> None:
    host.releases = [Release(5, "v2.0.0", [Asset(51, "a.bin", b"a")], prerelease=True)]
    run()
    assert Version.objects.get().channel == "beta"
    host.releases[0].prerelease = False
    run()
    assert Version.objects.get().channel == "stable"


def test_removed_release_stays_or_is_yanked(run: Run, host: Host, source: ImportSource) -> None:
    run()
    del host.releases[2]
    run()
    assert not Version.objects.get(number="1.0.0").is_yanked
    change_source(actor=system(), source=source, when_removed="yank")
    run()
    assert Version.objects.get(number="1.0.0").is_yanked
    assert not Version.objects.exclude(number="1.0.0").filter(yanked_at__isnull=False).exists()


def test_yank_for_a_removed_release_is_undone_when_it_returns(run: Run, host: Host, source: ImportSource) -> None:
    change_source(actor=system(), source=source, when_removed="yank")
    run()
    removed = [host.releases.pop() for _ in range(2)]
    run()
    assert Version.objects.filter(yanked_at__isnull=False).count() == 2
    own = Version.objects.get(number="1.0.0")
    move(Move.UNYANK, actor=system(), version=own)
    move(Move.YANK, actor=system(), version=own, reason="It loses data.")
    host.releases += reversed(removed)
    run()
    assert list(Version.objects.filter(yanked_at__isnull=False)) == [own]


def test_empty_list_removes_nothing(run: Run, host: Host, source: ImportSource) -> None:
    run()
    change_source(actor=system(), source=source, when_removed="yank")
    host.releases.clear()
    done = run()
    assert done.state == "failed"
    assert "no releases at all" in done.message
    assert not Version.objects.filter(yanked_at__isnull=False).exists()


def test_deleted_version_is_not_made_again(run: Run) -> None:
    run()
    move(Move.DELETE, actor=system(), version=Version.objects.get(number="1.0.0"))
    assert run().created_count == 0
    assert decisions()["v1.0.0"] == "skip"


def test_drafts_are_left_out_until_they_are_asked_for(run: Run, host: Host, source: ImportSource) -> None:
    host.releases[0].draft = True
    run()
    assert decisions()["v1.1.0-rc.1"] == "skip"
    change_source(actor=system(), source=source, has_drafts=True)
    run()
    assert Version.objects.get(number="1.1.0-rc.1").state == "draft"
    host.releases[0].draft = False
    run()
    assert Version.objects.get(number="1.1.0-rc.1").state == "published"


def test_newest_only_leaves_older_ones_alone(run: Run, source: ImportSource) -> None:
    change_source(actor=system(), source=source, newest_only=1)
    run()
    assert Version.objects.get().number == "1.1.0-rc.1"


def test_other_bytes_than_stated_are_not_published(run: Run, host: Host) -> None:
    host.releases[1].assets[0].served = b"evil" * 75  # as long as the right ones
    done = run()
    assert (done.state, done.created_count, done.failed_count) == ("done", 2, 1)
    row = ImportedRelease.objects.get(tag="v1.0.1")
    assert row.outcome == "failed"
    assert hashlib.sha256(b"two" * 100).hexdigest() in row.reason
    host.releases[1].assets[0].served = None
    assert run().created_count == 1


def test_refused_content_fails_only_its_release(run: Run, host: Host) -> None:
    host.releases[2].assets[0] = Asset(13, "bad.zip", b"no zip at all" * 9)
    done = run()
    assert (done.created_count, done.failed_count) == (2, 1)
    assert "zip" in ImportedRelease.objects.get(outcome="failed").reason


def test_tags_of_several_tools_and_invalid_ones(run: Run, host: Host) -> None:
    tags = ["lib/v1.0", "cli/v1.0", "v3.0", "3.0", "nightly build\n"]
    host.releases = [Release(pk, tag, [Asset(pk, "a.bin", b"a")]) for pk, tag in enumerate(tags, start=1)]
    run()
    numbers = dict(Version.objects.values_list("tag", "number"))
    assert set(numbers) == {"lib/v1.0", "cli/v1.0", "v3.0"}
    assert "1.0" in numbers.values()
    assert decisions()["3.0"] == "conflict"
    assert ImportedRelease.objects.get(key="5").decision == "invalid"


def test_release_without_files_is_published(run: Run, host: Host) -> None:
    host.releases = [Release(1, "v1.0.0")]
    run()
    assert Version.objects.get().state == "published"
