"""Which number a version may have, and the channel that a number chooses."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.services import update_download
from releasehub.core.errors import Conflict
from releasehub.distribution.latest import latest_version
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_version, system
from versions.models import PublicNumber, Version
from versions.services import update_version

pytestmark = pytest.mark.django_db


def erase(version: Version) -> None:
    delete_version(actor=system(), version=version, hard=True)


@pytest.mark.parametrize("way", ["hard", "soft then hard"])
def test_a_deleted_draft_frees_its_number(way: str) -> None:
    version = make_version(number="1.0.0", state="draft", files=1)
    if way == "soft then hard":
        delete_version(actor=system(), version=version)
        with pytest.raises(Conflict, match="can be restored"):
            make_version(version.download, "1.0.0")
    erase(version)
    assert make_version(version.download, "1.0.0").number == "1.0.0"
    assert PublicNumber.objects.get().version is not None


@pytest.mark.parametrize("number", ["1.0.0", "1.0", "v1.0.0", "1.0.0+build"])
def test_an_erased_public_number_is_never_used_again(number: str) -> None:
    version = make_version(number="1.0.0", files=1)
    move(Move.UNPUBLISH, actor=system(), version=version)
    erase(version)
    with pytest.raises(Conflict, match=r"version 1\.0\.0 was public and was erased"):
        make_version(version.download, number)


def test_a_renumbered_draft_frees_its_number_and_a_public_version_keeps_it() -> None:
    draft = make_version(number="1.0.0", state="draft")
    update_version(actor=system(), version=draft, number="1.0.1")
    public = make_version(draft.download, "1.0.0")
    update_version(actor=system(), version=public, number="1.0.2")
    with pytest.raises(Conflict, match=r"version 1\.0\.0 was public and is now 1\.0\.2"):
        make_version(draft.download, "1.0.0")


def test_a_version_may_take_its_own_number_back() -> None:
    version = make_version(number="1.0.0")
    update_version(actor=system(), version=version, number="1.0.1")
    assert update_version(actor=system(), version=version, number="1.0.0").number == "1.0.0"


def test_build_is_not_a_new_version_under_semver() -> None:
    version = make_version(make_download(version_scheme="semver"), "1.0.0+1")
    with pytest.raises(Conflict, match=r"version 1\.0\.0\+1 compares equal") as refusal:
        make_version(version.download, "1.0.0+2")
    assert refusal.value.params["in_the_way"] == "1.0.0+1"
    assert "version scheme" in refusal.value.message


def test_build_is_a_new_version_under_the_build_scheme() -> None:
    download = make_download(version_scheme="build")
    versions = [make_version(download, number, files=1) for number in ("1.0.0+2", "1.0.0+10", "1.0.0+9")]
    assert latest_version(download) == versions[1]
    assert latest_version(download, newer_than="1.0.0+9") == versions[1]
    assert latest_version(download, newer_than="1.0.0+10") is None


def test_changing_the_scheme_recomputes_sort_keys() -> None:
    download = make_download(version_scheme="semver")
    first = make_version(download, "1.0.0+1", files=1)
    download = update_download(actor=system(), download=download, version_scheme="build")
    second = make_version(download, "1.0.0+2", files=1)
    assert latest_version(download, newer_than="1.0.0+1") == second
    with pytest.raises(Conflict):
        make_version(download, "1.0.0+1")
    erase(first)
    with pytest.raises(Conflict):
        make_version(download, "1.0.0+1")


def test_scheme_that_makes_two_numbers_equal_is_rejected() -> None:
    download = make_download(version_scheme="build")
    for number in ("1.0.0+1", "1.0.0+2"):
        make_version(download, number)
    with pytest.raises(Conflict, match=r"1\.0\.0\+[12] and 1\.0\.0\+[12]"):
        update_download(actor=system(), download=download, version_scheme="semver")


def test_python_versions_are_offered_in_their_order() -> None:
    download = make_download(version_scheme="pep440")
    for number in ("1.0.dev3", "1.0a1", "1.0", "1.0.post1", "1!0.1", "2.0"):
        make_version(download, number, channel="stable", files=1)
    order = Version.objects.filter(download=download).order_by("sort_key").values_list("number", flat=True)
    assert list(order) == ["1.0.dev3", "1.0a1", "1.0", "1.0.post1", "2.0", "1!0.1"]


@pytest.mark.parametrize(
    ("number", "given", "channel"),
    [
        ("2.0.0-rc.1", {}, "rc"),
        ("2.0.0-beta.1", {}, "beta"),
        ("2.0.0-alpha.1", {"state": "draft"}, "alpha"),
        ("2.0.0-nightly.1", {}, "dev"),
        ("2.0.0", {}, "stable"),
        ("2.0.0-rc.1", {"channel": "stable"}, "stable"),
        ("2.0.0-rc.1", {"channel": "beta"}, "beta"),
    ],
)
def test_a_prerelease_goes_into_the_channel_it_names(number: str, given: dict[str, Any], channel: str) -> None:
    assert make_version(number=number, **given).channel == channel


def test_prerelease_is_not_the_latest_stable_version() -> None:
    download = make_download()
    stable = make_version(download, "1.0.0", files=1)
    draft = make_version(download, "2.0.0", state="draft", files=1)
    move(Move.PUBLISH, actor=system(), version=update_version(actor=system(), version=draft, number="2.0.0-beta.1"))
    make_version(download, "2.0.0-rc.1", files=1)
    assert latest_version(download) == stable


def test_explicit_channel_is_kept_when_the_number_changes() -> None:
    version = make_version(number="2.0.0-rc.1", channel="stable")
    assert update_version(actor=system(), version=version, number="2.0.0-rc.2").channel == "stable"
