"""Sources whose lists are damaged or hostile: a run ends with a reason, and other releases are imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError

from releasehub.importing import intake, running
from releasehub.importing.models import ImportedFile, ImportedRelease, ImportRun, ImportSource
from releasehub.importing.sources.base import OpenedAsset, ReleaseSource, SourceAsset, SourceRelease
from releasehub.importing.sources.values import moment
from versions.models import Version

pytestmark = pytest.mark.django_db
Run = Callable[..., ImportRun]
FINE = SourceRelease("1", "v1.0.0", assets=(SourceAsset("11", "tool.bin", "https://host.example/1", 4),))
ODD = replace(FINE, key="2", tag="v2.0.0")
LONG = "x" * 5000


class Listed(ReleaseSource):
    """A source with the releases of a test, all of whose files have four bytes."""

    def __init__(self, *releases: SourceRelease) -> None:
        self._releases = releases

    def releases(self) -> Iterator[SourceRelease]:
        yield from self._releases

    def open(self, asset: SourceAsset, *, start: int = 0) -> Any:
        from contextlib import nullcontext

        return nullcontext(OpenedAsset(iter([b"data"]), 0, 4))


@pytest.fixture
def listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ImportRun]:
    def listed(*releases: SourceRelease) -> ImportRun:
        monkeypatch.setattr(running, "open_source", lambda row: Listed(*releases))
        return run()

    return listed


def named(*names: str) -> tuple[SourceAsset, ...]:
    return tuple(SourceAsset(str(number), name, "https://host.example/f", 4) for number, name in enumerate(names))


ODDITIES = [
    replace(ODD, tag="v2\0.0"),
    replace(ODD, key="a\0b", title="\0\x1b[31m", author="\0", commitish="\0"),
    replace(ODD, fields={"changelog": "\0", "platforms": ["\0"]}),
    replace(ODD, fields={"end_of_support": "\0", "visibility": "\0"}),
    replace(ODD, page_url="https://host.example/" + LONG),
    replace(ODD, page_url="https://host.example/\0"),
    replace(ODD, tag=LONG),
    replace(ODD, assets=named("tool.bin", "tool.bin")),
    replace(ODD, assets=named("x" * 300 + "1", "x" * 300 + "2")),
    replace(ODD, assets=named("a\0b")),
    replace(ODD, assets=(SourceAsset("1", "a.bin", "https://host.example/" + LONG, 4),)),
    replace(ODD, assets=(SourceAsset("1", "a.bin", "https://host.example/1", 4, "sha256:" + LONG),)),
    replace(ODD, assets=(SourceAsset("1", "a.bin", "https://host.example/1", 4, "sha256:\0"),)),
    replace(ODD, assets=tuple(replace(row, size_bytes=2**63 - 1) for row in named("a.bin", "b.bin"))),
    replace(ODD, assets=tuple(replace(row, download_count=2**63 - 1) for row in named("a.bin", "b.bin"))),
]


def test_odd_releases_do_not_stop_the_run(listed: Callable[..., ImportRun]) -> None:
    odd = [
        replace(release, key=f"{release.key} {number}", tag=release.tag.replace("v2.0.0", f"v2.{number}.0"))
        for number, release in enumerate(ODDITIES)
    ]
    done = listed(*odd, FINE)
    assert (done.state, done.listed_count) == (ImportRun.State.DONE, len(odd) + 1)
    assert Version.objects.filter(number="1.0.0").exists()
    for row in ImportedRelease.objects.all():
        assert "\0" not in f"{row.tag}{row.title}{row.reason}"


def test_releases_with_unusual_pages_are_imported(listed: Callable[..., ImportRun]) -> None:
    urls = ["http://gitea:3000/acme/tool/releases/tag/v1.0.0", "https://my_host.example/", "http://["]
    releases = [replace(FINE, key=url, tag=f"v1.{number}.0", page_url=url) for number, url in enumerate(urls)]
    assert listed(*releases).created_count == len(urls)


def test_row_that_is_listed_twice_counts_once(listed: Callable[..., ImportRun]) -> None:
    """A list whose pages move while it is read repeats a row."""
    done = listed(ODD, ODD, FINE)
    assert (done.state, done.created_count, done.listed_count) == ("done", 2, 2)


def test_release_with_too_many_files_is_refused(
    listed: Callable[..., ImportRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_ASSETS", 5)
    done = listed(replace(ODD, assets=named(*(f"{number}.bin" for number in range(6)))), FINE)
    assert (done.state, done.created_count) == ("done", 1)
    row = ImportedRelease.objects.get(key="2")
    assert (row.decision, "more than 5 files" in row.reason) == ("invalid", True)
    assert not ImportedFile.objects.filter(release=row).exists()


def test_text_for_a_terminal_has_no_control_characters(listed: Callable[..., ImportRun], source: ImportSource) -> None:
    listed(replace(ODD, tag="v2.0.0\x1b[2J\nroot"), FINE)
    assert "\x1b" not in "".join(map(str, ImportedRelease.objects.all()))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"])
def test_date_at_the_end_of_the_calendar_counts_as_missing(text: str) -> None:
    assert moment({"at": text}, "at") is None
    assert moment({"at": "2021-03-04T05:06:07+02:00"}, "at") == datetime(2021, 3, 4, 3, 6, 7, tzinfo=UTC)


def test_error_of_the_database_fails_one_release_only(
    listed: Callable[..., ImportRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version may be erased between the list and the release, and a race may take its number."""
    errors = {
        "v2.0.0": IntegrityError("taken"),
        "v3.0.0": DataError("NUL"),
        "v4.0.0": Version.DoesNotExist("erased"),
        "v5.0.0": ValidationError("not a date"),
    }
    original = running.carry_out

    def carry_out(*, row: ImportedRelease, **options: Any) -> None:
        if row.tag in errors:
            raise errors[row.tag]
        original(row=row, **options)

    monkeypatch.setattr(running, "carry_out", carry_out)
    done = listed(*(replace(ODD, key=tag, tag=tag) for tag in errors), FINE)
    assert (done.state, done.failed_count, done.created_count) == ("done", len(errors), 1)
