"""Imports from the stand-ins of GitLab, mc-dm and XenForo with the command: what they make, and when they continue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from files.models import Blob, File
from files.storage import blob_storage
from tests.factories import make_download
from tests.importing.standins.gitlab import PROJECT, GitLabStandin, some_gitlab
from tests.importing.standins.mc_dm import McDmStandin, some_mc_dm
from tests.importing.standins.server import SECRET, Answer, Standin, running
from tests.importing.standins.xenforo import XenForoStandin, some_xenforo
from versions.models import Version

SECOND = b"second" * 100
pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@dataclass
class Case:
    """A kind of source with its stand-in, and what becomes of it here."""

    kind: str
    address: str
    standin: Any
    numbers: list[str]
    contents: dict[str, bytes]

    def run(self, *arguments: str) -> str:
        output = StringIO()
        options = ["--api", self.standin.api, "--to", "tool", *arguments]
        call_command("import", self.kind, self.address, *options, stdout=output, stderr=StringIO())
        return output.getvalue()


def case_of(kind: str) -> Case:
    if kind == "gitlab":
        contents = {"app.bin": SECOND, "app-windows.bin": b"windows" * 100}
        return Case(kind, PROJECT, GitLabStandin(), ["1.2.0-rc.1", "1.1.0", "1.0.0"], contents)
    if kind == "mc-dm":
        contents = {"importer.bin": SECOND, "importer.sig": b"signature", "readme.txt": b"read me"}
        return Case(kind, "42", McDmStandin(), ["1.2.0 Beta 1", "1.1.0", "1.0.0"], contents)
    contents = {"importer.bin": SECOND, "readme.txt": b"read me"}
    return Case(kind, "42", XenForoStandin(), ["2.0.0 Patch Level 1", "1.1.0", "1.0.0"], contents)


FILLED: dict[str, Callable[[Any], Standin]] = {"gitlab": some_gitlab, "mc-dm": some_mc_dm, "xenforo": some_xenforo}


@pytest.fixture(params=list(FILLED))
def case(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    monkeypatch.setenv("RELEASEHUB_IMPORT_TOKEN", SECRET)
    make_download(slug="tool")
    found = case_of(request.param)
    with running(found.standin):
        FILLED[request.param](found.standin)
        yield found


def contents(number: str) -> dict[str, bytes]:
    files = File.objects.filter(version__number=number).select_related("blob")
    return {file.filename: stored(file.blob) for file in files if file.blob}


def stored(blob: Blob) -> bytes:
    with closing(blob_storage().open(blob.storage_key)) as handle:
        return handle.read()


def file_requests(case: Case) -> list[str]:
    paths = [path.partition("?")[0].rstrip("/") for path in case.standin.paths()]
    return [path for path in paths if path.endswith("/download") or "/generic/" in path]


def test_everything_is_imported_once(case: Case) -> None:
    output = case.run()
    assert "3 created" in output
    assert [row.number for row in Version.objects.order_by("-sort_key")] == case.numbers
    assert contents("1.1.0") == case.contents
    assert Version.objects.get(number="1.1.0").release_notes
    created_at = Version.objects.get(number="1.0.0").created_at
    assert created_at.year in {2020, 2021}
    case.standin.seen.clear()
    assert "0 created, 0 updated" in case.run()
    assert not file_requests(case)


def test_dry_run_makes_and_fetches_nothing(case: Case) -> None:
    output = case.run("--dry-run")
    assert all(f"To be created: {number}" in output.replace(": v", ": ") for number in case.numbers)
    assert not Version.objects.exists()
    assert not file_requests(case)


def change_answers(case: Case, body: bytes, answer: Answer) -> Callable[[], None]:
    """Answer requests for a file with these bytes differently, until the returned function is called."""
    original = case.standin.answer

    def changed(path: str, query: dict[str, str]) -> Answer:
        usual = original(path, query)
        return answer if usual.body == body else usual

    case.standin.answer = changed
    return lambda: setattr(case.standin, "answer", original)


def test_interrupted_import_continues(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    repair = change_answers(case, SECOND, Answer({}, 503))
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", lambda seconds: (waits.append(seconds), repair()))
    monkeypatch.setattr("releasehub.importing.running.FIRST_PAUSE_SECONDS", 0.0)
    assert "3 created" in case.run()
    assert len(waits) == 1
    assert contents("1.1.0") == case.contents


def test_wrong_secret_is_explained(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASEHUB_IMPORT_TOKEN", "wrong")
    with pytest.raises(CommandError, match="hides it without a token"):
        case.run()
    assert not Version.objects.exists()


def test_other_bytes_than_stated_are_not_published(case: Case) -> None:
    if case.kind == "xenforo":
        pytest.skip("XenForo states no digests.")
    change_answers(case, SECOND, Answer(body=b"x" * len(SECOND)))
    with pytest.raises(CommandError, match="1 releases were not imported"):
        case.run()
    assert not Version.objects.filter(number="1.1.0").exists()
