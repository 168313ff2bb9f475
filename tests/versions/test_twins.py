"""One number for several platforms: which versions may share it, and which of them a lookup finds."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from downloads.models import Download
from downloads.services import update_download
from downloads.snapshots import embedded_download
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Gone, Invalid, NotFound
from releasehub.distribution.file_permalinks import find_exact, find_latest
from releasehub.distribution.latest import latest_version
from releasehub.distribution.links import file_path, version_path
from releasehub.distribution.permalinks import find_version
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version
from releasehub.publishing.transitions import Move
from releasehub.webhooks.pages import page_url
from tests.factories import make_download, make_file, make_version, system
from tests.racing import ends_of
from versions.models import PublicNumber, Version
from versions.platforms import overlap
from versions.services import update_version
from versions.snapshots import version_snapshot

pytestmark = pytest.mark.django_db


def release(download: Download, *platforms: str, number: str = "1.0.0", **fields: Any) -> Version:
    version = make_version(download, number, platforms=list(platforms), **fields)
    make_file(version, name="tool.bin", content=",".join(platforms).encode())
    return version


def erase(version: Version) -> None:
    delete_version(actor=system(), version=version, hard=True)


@pytest.fixture
def download() -> Download:
    return make_download()


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (["windows"], ["linux"], False),
        (["win32"], ["win64"], False),
        (["windows"], ["win64"], True),
        (["Darwin"], ["macos"], True),
        (["linux", "mac"], ["windows", "OSX"], True),
        (["My System"], ["my system"], True),
        (["linux"], [], True),
        ([], [], True),
    ],
)
def test_platforms_of_two_versions(first: list[str], second: list[str], shared: bool) -> None:
    assert overlap(first, second) is overlap(second, first) is shared


def test_number_exists_once_for_each_platform(download: Download) -> None:
    first = release(download, "Windows", "Linux")
    second = release(download, "macOS")
    assert (first.is_twin, second.is_twin) == (False, True)
    assert (second.platforms, second.platform_keys, second.first_platform) == (["macOS"], ["macos"], "macos")
    for taken in (["LINUX"], ["osx", "freebsd"], []):
        with pytest.raises(Conflict, match="exists"):
            release(download, *taken)
    assert release(download, "freebsd").is_twin


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_racing_twins_of_one_platform_make_one_version() -> None:
    """The first platforms differ, so no constraint of the database stands between the two, only the lock."""
    download = make_download()
    create = partial(create_version, actor=system(), download_id=download.pk, number="1.0.0")
    made, refusals = ends_of([partial(create, platforms=[name, "windows"]) for name in ("linux", "macos")])
    assert (len(made), [type(error) for error in refusals]) == (1, [Conflict])
    assert Version.objects.filter(download=download, number="1.0.0").count() == 1


def test_database_refuses_twins_without_the_service(download: Download) -> None:
    first, second = release(download, "windows"), release(download, "linux")
    rows = Version.all_objects.filter(pk=second.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(is_twin=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(first_platform=first.first_platform)


def test_platforms_cannot_grow_into_those_of_a_twin(download: Download) -> None:
    first, second = release(download, "windows"), release(download, "linux")
    with pytest.raises(Conflict):
        update_version(actor=system(), version=second, platforms=["linux", "win64"])
    changed = update_version(actor=system(), version=first, platforms=["windows", "web"])
    assert (changed.is_twin, changed.platform_keys) == (False, ["web", "windows"])


def test_renumbered_version_is_a_twin_only_where_the_number_is_in_use(download: Download) -> None:
    release(download, "windows")
    second = update_version(actor=system(), version=release(download, "linux"), number="2.0.0")
    assert not second.is_twin
    third = release(download, "windows", number="2.0.0")
    assert third.is_twin
    assert not Version.objects.get(pk=second.pk).is_twin


def test_public_number_stays_reserved_for_its_platforms(download: Download) -> None:
    release(download, "windows")
    erased = release(download, "linux", "web")
    update_version(actor=system(), version=erased, platforms=["linux", "web", "android"])
    erase(erased)
    for name in ("linux", "web", "android"):
        with pytest.raises(Conflict, match="was erased"):
            release(download, name)
    assert release(download, "macos").is_twin


def test_numbers_of_twins_are_reserved_when_a_private_download_is_opened() -> None:
    download = make_download(visibility="private")
    release(download, "windows")
    release(download, "linux", "web")
    assert not PublicNumber.objects.exists()
    update_download(actor=system(), download=download, visibility="public")
    assert set(PublicNumber.objects.values_list("platform", flat=True)) == {"windows", "linux", "web"}


@pytest.mark.parametrize(
    "names", ["linux", [1], [""], ["a\nb"], ["x" * 257], [f"p{number}" for number in range(51)]], ids=repr
)
def test_invalid_platforms_are_rejected(download: Download, names: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        make_version(download, "1.0", platforms=names)
    assert refusal.value.field == "platforms"


def test_lookups_choose_by_platform(download: Download) -> None:
    versions = {name: release(download, name) for name in ("windows", "linux", "Mac OS 9")}
    for name, version in versions.items():
        assert latest_version(download, platform=name.upper()) == version
        assert find_version(Actor(), download, "1.0.0", platform=name) == version
    assert latest_version(download, platform="win64") == versions["windows"]
    assert latest_version(download) == versions["windows"]
    assert find_latest(Actor(), download, "linux").version == versions["linux"]


def test_page_of_the_download_shows_the_version_for_the_visitor(download: Download) -> None:
    release(download, "windows")
    release(download, "linux")
    page = Client().get(download.path, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"})
    assert page.context["version"].platforms == ["linux"]
    page = Client().get(download.path, headers={"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)"})
    assert page.context["version"].platforms == ["windows"]
    second = f"{download.path}1.0.0/"
    assert Client().get(second, {"platform": "linux"}).context["version"].platforms == ["linux"]


def test_same_spelling_is_preferred(download: Download) -> None:
    versions = {name: release(download, name) for name in ("win64", "win32")}
    for name, version in versions.items():
        assert latest_version(download, platform=name) == version
        assert find_version(Actor(), download, "1.0.0", platform=name) == version


def test_links_lead_to_their_version_forever(download: Download) -> None:
    first, second = release(download, "windows"), release(download, "linux")
    assert version_path(first).endswith("/1.0.0/")
    assert version_path(second).endswith("/1.0.0/?platform=linux")
    assert page_url(embedded_download(download), version_snapshot(second)).endswith("/1.0.0/?platform=linux")
    assert file_path(second.files.get()).endswith("/tool.bin?platform=linux")
    exact = (Actor(), download.slug, "1.0.0", "tool.bin")
    assert find_exact(*exact).version == first
    assert find_exact(*exact, platform="linux").version == second
    delete_version(actor=system(), version=first)
    with pytest.raises(Gone):
        find_exact(*exact)
    erase(first)
    with pytest.raises(Gone):
        find_exact(*exact)
    assert find_exact(*exact, platform="linux").version == second
    with pytest.raises(Gone):
        find_exact(*exact, platform="windows")
    with pytest.raises(NotFound):
        find_exact(*exact, platform="macos")


def test_draft_of_the_first_platform_hides_no_twin(download: Download) -> None:
    first = release(download, "windows", state="draft")
    second = release(download, "linux")
    assert find_version(Actor(), download, "1.0.0") == second
    assert latest_version(download) == second
    move(Move.PUBLISH, actor=system(), version=first)
    assert find_version(Actor(), download, "1.0.0") == first


def test_channel_keeps_its_spelling(download: Download) -> None:
    version = make_version(download, "1.0", channel=" Release Candidate ", files=1)
    assert (version.channel, version.shown_channel) == ("release candidate", "Release Candidate")
    assert latest_version(download, channel="Release Candidate") == version
    assert find_version(Actor(), download, "1.0", "RELEASE candidate") == version
    with pytest.raises(Conflict):
        make_version(download, "1.0", channel="release CANDIDATE")
    assert update_version(actor=system(), version=version, channel="release candidate").channel_name == ""
