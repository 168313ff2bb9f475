"""Tests of the lists of versions that the pages of a download show."""

import pytest

from releasehub.core.actor import Actor
from releasehub.distribution.history import recent_versions
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_version, system

pytestmark = pytest.mark.django_db


def test_recent_versions_have_the_highest_numbers_first_and_drafts_only_for_the_team() -> None:
    download = make_download()
    for number in ("1.0.0", "3.0.0"):
        make_version(download, number)
    move(Move.UNPUBLISH, actor=system(), version=make_version(download, "2.0.0"))
    for actor, numbers in ((Actor(), ["3.0.0", "1.0.0"]), (system(), ["3.0.0", "2.0.0", "1.0.0"])):
        assert [version.number for version in recent_versions(actor, download)] == numbers
