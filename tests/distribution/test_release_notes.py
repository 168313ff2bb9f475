"""Notes that are put together from those of the versions between two tags."""

from __future__ import annotations

import pytest

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from releasehub.distribution.release_notes import generated_notes
from releasehub.publishing.deletion import delete_version
from tests.factories import make_download, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ANYONE = Actor()
BASE = "https://hub.example.org"


@pytest.fixture
def download() -> Download:
    found = make_download(slug="tool")
    for number in ("1.0.0", "1.1.0-beta.1", "1.1.0"):
        make_version(found, number, release_notes=f"Notes of {number}.")
    return found


def notes(download: Download, tag: str, previous: str = "", actor: Actor = ANYONE) -> str:
    return generated_notes(actor, download, tag, previous, base_url=BASE)


def test_previous_version_is_the_highest_below(download: Download) -> None:
    assert notes(download, "v1.2.0").startswith(f"**Changes since v1.1.0**: {BASE}/downloads/tool.")
    assert "Notes of 1.1.0-beta.1." in notes(download, "v1.1.0")
    assert "Notes of 1.0.0." not in notes(download, "v1.1.0")


def test_own_text_of_the_version_is_not_repeated(download: Download) -> None:
    assert "Notes of 1.1.0.\n" not in notes(download, "v1.1.0")


def test_prerelease_begins_after_the_last_one_of_its_channel(download: Download) -> None:
    make_version(download, "1.2.0-beta.1", release_notes="First beta.")
    make_version(download, "1.2.0-beta.2", release_notes="Second beta.")
    assert notes(download, "v1.2.0-beta.2").startswith("**Changes since v1.2.0-beta.1**")


def test_first_version_links_to_all(download: Download) -> None:
    assert notes(download, "v0.9.0") == f"**All versions**: {BASE}/downloads/tool.{download.pk}/about/versions/"


def test_text_that_is_no_number_has_everything_since_the_newest(download: Download) -> None:
    assert notes(download, "nightly", "v1.0.0").count("## v") == 2


def test_hidden_versions_are_left_out(download: Download) -> None:
    make_version(download, "1.1.5", state="draft", release_notes="Secret.")
    make_version(download, "1.1.3", visibility="private", release_notes="For the team.")
    make_version(download, "1.1.4", visibility="unlisted", release_notes="For those who have the link.")
    gone = make_version(download, "1.1.6", release_notes="Gone.")
    delete_version(actor=system(), version=gone)
    for actor in (ANYONE, Actor(user=download.owner)):
        assert "## " not in notes(download, "v1.2.0", "v1.1.0", actor)
        assert notes(download, "v1.2.0", actor=actor).startswith("**Changes since v1.1.0**")
    assert notes(download, "v1.1.6").startswith("**Changes since v1.1.0**")


def test_unknown_previous_tag_is_refused(download: Download) -> None:
    with pytest.raises(Invalid):
        notes(download, "v1.2.0", "v9")


def test_long_notes_are_cut_between_versions(download: Download) -> None:
    for number in ("1.1.1", "1.1.2", "1.1.3"):
        make_version(download, number, release_notes="n" * 12_000)
    assert notes(download, "v1.2.0", "v1.1.0").count("## v") == 2
