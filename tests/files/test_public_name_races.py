"""Names, numbers and slugs when two people act at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from downloads.models import Download
from downloads.services import create_download, share_download, update_download
from files.models import File, PublicFileName
from releasehub.core.errors import Conflict
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version
from releasehub.publishing.transitions import Move
from tests.factories import make_category, make_download, make_file, make_user, make_version, system
from tests.racing import ends_of

NAME = "tool.bin"
FIRST, OTHER = b"the first bytes", b"other bytes"


@pytest.fixture
def two_at_once() -> Callable[..., list[str]]:
    """Run both calls at the same time and return how they ended."""

    def run(*calls: Callable[[], Any]) -> list[str]:
        done, refusals = ends_of(calls)
        return sorted(["done"] * len(done) + [error.code.value for error in refusals if isinstance(error, Conflict)])

    return run


pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
    ),
]


def test_concurrent_uploads_of_one_name_create_one_file(two_at_once: Any) -> None:
    version = make_version()
    ends = two_at_once(
        lambda: make_file(version, name=NAME, content=FIRST), lambda: make_file(version, name=NAME, content=OTHER)
    )
    assert ends == ["done", "file.name_taken"]
    assert PublicFileName.objects.get().sha256 == File.objects.get().blob.sha256  # type: ignore[union-attr]


def test_publishing_during_sharing_records_public_names(two_at_once: Any) -> None:
    for _ in range(5):
        download = make_download(visibility="private")
        version = make_version(download, "1.0.0", state="draft")
        make_file(version, name=NAME, content=FIRST)
        ends = two_at_once(
            lambda version=version: move(Move.PUBLISH, actor=system(), version=version),
            lambda download=download: share_download(actor=system(), download=download, user=make_user()),
        )
        assert ends == ["done", "done"]
        assert PublicFileName.objects.filter(version=version).count() == 1


def test_concurrent_hard_delete_and_creation_do_not_reuse_a_public_number(two_at_once: Any) -> None:
    version = make_version(number="1.0.0")
    ends = two_at_once(
        lambda: delete_version(actor=system(), version=version, hard=True),
        lambda: create_version(actor=system(), download_id=version.download_id, number="1.0.0"),
    )
    assert ends == ["done", "version.number_taken"]


@pytest.mark.parametrize("spell", [str.lower, str.upper], ids=["the same case", "another case"])
def test_concurrent_creation_and_rename_give_the_slug_to_one_download(
    two_at_once: Any, spell: Callable[[str], str]
) -> None:
    owner, category = make_user(), make_category()
    for number in range(5):
        download = make_download(owner, category=category)
        respelled = spell(f"tool-{number}")
        ends = two_at_once(
            lambda slug=f"tool-{number}": create_download(
                actor=system(), category=category, title="Tool", owner=owner, slug=slug
            ),
            lambda slug=respelled, download=download: update_download(actor=system(), download=download, slug=slug),
        )
        assert ends == ["done", "download.slug_taken"]
        assert Download.objects.filter(slug__iexact=f"tool-{number}").count() == 1
