"""`publish` from files to a published version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.fakehub import PART_BYTES, FakeHub, status

Files = Callable[..., Path]
VERSION = ("--download", "packsmith", "--version", "1.5.0")


def test_files_are_there_and_published(run: Run, fake: FakeHub, files: Files) -> None:
    small, big = files("tool-linux-x64.tar.gz"), files("tool-win64.zip", 5 * PART_BYTES + 1)
    ended = run("publish", str(small), str(big), *VERSION, "--notes", "New.", "--channel", "beta", "--json")
    assert ended.code == 0, ended.err
    (version,) = fake.versions.values()
    assert (version["state"], version["channel"], version["release_notes"]) == ("published", "beta", "New.")
    rows = {row["filename"]: row for row in fake.files.values()}
    assert (rows[small.name]["platform"], rows[small.name]["architecture"]) == ("linux", "x64")
    assert (rows[big.name]["platform"], rows[big.name]["architecture"]) == ("windows", "x64")
    assert fake.content[rows[big.name]["file_hash"][7:]] == big.read_bytes()
    assert set(fake.finished.values()) == {1}


def test_json_is_one_object_on_stdout(run: Run, fake: FakeHub, files: Files) -> None:
    data = run("publish", str(files("tool.zip")), *VERSION, "--json").json
    assert data["published"] is True
    assert data["download"] == {"download_id": 1, "slug": "packsmith"}
    assert set(data["version"]) == {"version_id", "version_string", "channel", "state", "url"}
    assert data["version"]["url"] == f"{fake.url}/downloads/packsmith.1/1.5.0/"
    (file,) = data["files"]
    assert set(file) == {"file_id", "filename", "size_bytes", "sha256", "platform", "architecture", "done"}
    assert file["done"] == "uploaded"


def test_folder_gives_its_direct_visible_files(run: Run, fake: FakeHub, files: Files) -> None:
    files("a.zip")
    files(".hidden")
    folder = files("inner/b.zip").parents[1]
    assert run("publish", str(folder), *VERSION).code == 0
    assert [row["filename"] for row in fake.files.values()] == ["a.zip"]


def test_glob_is_expanded_where_the_shell_did_not(run: Run, fake: FakeHub, files: Files) -> None:
    folder = files("a.zip").parent
    files("b.txt")
    assert run("publish", str(folder / "*.zip"), *VERSION).code == 0
    assert [row["filename"] for row in fake.files.values()] == ["a.zip"]


def test_draft_stays_a_draft(run: Run, fake: FakeHub, files: Files) -> None:
    ended = run("publish", str(files("a.zip")), *VERSION, "--draft", "--json")
    assert (ended.code, ended.json["published"], ended.json["version"]["state"]) == (0, False, "draft")


def test_draft_is_finished_by_a_second_run(run: Run, fake: FakeHub, files: Files) -> None:
    first, second = files("a.zip"), files("b.zip")
    run("publish", str(first), *VERSION, "--draft")
    ended = run("publish", str(first), str(second), *VERSION, "--json")
    assert [file["done"] for file in ended.json["files"]] == ["present", "uploaded"]
    assert len(fake.versions) == 1
    assert set(fake.puts.values()) == {1}


def test_published_with_the_same_files_is_nothing_to_do(run: Run, fake: FakeHub, files: Files) -> None:
    path = files("a.zip")
    run("publish", str(path), *VERSION)
    before = len(fake.sent())
    ended = run("publish", str(path), *VERSION)
    assert ended.code == 0
    assert "nothing to do" in ended.err
    assert len(fake.sent()) == before


def test_published_with_other_files_is_a_conflict(run: Run, fake: FakeHub, files: Files) -> None:
    run("publish", str(files("a.zip")), *VERSION)
    ended = run("publish", str(files("b.zip")), *VERSION, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (7, "conflict")
    assert "not there: b.zip; only there: a.zip" in ended.json["error"]["message"]


def test_same_name_with_other_bytes_needs_replace(run: Run, fake: FakeHub, files: Files) -> None:
    fake.add_file(fake.add_version("1.5.0"), "a.zip", b"older")
    path = files("a.zip")
    assert run("publish", str(path), *VERSION).code == 7
    assert run("publish", str(path), *VERSION, "--replace").code == 0
    assert [row["file_size"] for row in fake.files.values()] == [1000]


def test_number_in_several_channels_needs_the_channel(run: Run, fake: FakeHub, files: Files) -> None:
    fake.add_version("1.5.0", channel="beta")
    fake.add_version("1.5.0", channel="rc")
    path = files("a.zip")
    assert run("publish", str(path), *VERSION).code == 7
    assert run("publish", str(path), *VERSION, "--channel", "rc").code == 0


def test_name_that_was_taken_apart_is_one_name(run: Run, fake: FakeHub, files: Files) -> None:
    path = files("cafe\u0301.zip")
    assert run("publish", str(path), *VERSION, "--draft").code == 0
    assert [row["filename"] for row in fake.files.values()] == ["caf\u00e9.zip"]
    assert run("publish", str(path), *VERSION).code == 0
    assert set(fake.puts.values()) == {1}


def test_download_is_found_by_number(run: Run, files: Files) -> None:
    assert run("publish", str(files("a.zip")), "--download", "2", "--version", "1.0").code == 0


def test_unknown_download_is_not_found(run: Run, files: Files) -> None:
    assert run("publish", str(files("a.zip")), "--download", "nope", "--version", "1.0").code == 6


def test_refused_content_is_told(run: Run, fake: FakeHub, files: Files) -> None:
    fake.validation = "failed"
    ended = run("publish", str(files("a.zip")), *VERSION)
    assert ended.code == 1
    assert "did not pass" in ended.err
    assert not next(iter(fake.versions.values()))["is_published"]


def test_label_and_platform_are_sent(run: Run, fake: FakeHub, files: Files) -> None:
    path = files("tool-linux.zip")
    words = ("--label", "For old machines", "--platform", "none", "--architecture", "ARM64")
    assert run("publish", str(path), *VERSION, *words).code == 0
    (row,) = fake.files.values()
    assert (row["platform"], row["architecture"], row["display_label"]) == ("", "arm64", "For old machines")


def test_two_jobs_that_make_the_version_at_once_share_it(run: Run, fake: FakeHub, files: Files) -> None:
    def other_job_was_faster(handler: object) -> bool:
        fake.add_version("1.5.0")
        return False

    fake.fail("hub", "POST", "/api/mc-dm-versions/", other_job_was_faster)
    assert run("publish", str(files("a.zip")), *VERSION).code == 0
    assert len(fake.versions) == 1


@pytest.mark.parametrize("code", [500, 502, 503, 429])
def test_hub_in_trouble_is_asked_again(run: Run, fake: FakeHub, files: Files, code: int) -> None:
    fake.fail("hub", "POST", "/api/mc-dm-versions/", status(code), status(code))
    assert run("publish", str(files("a.zip")), *VERSION).code == 0


def test_repeated_create_carries_the_same_idempotency_key(run: Run, fake: FakeHub, files: Files) -> None:
    fake.fail("hub", "POST", "/api/uploads/", status(500))
    run("publish", str(files("a.zip")), *VERSION)
    keys = {seen.headers["Idempotency-Key"] for seen in fake.requests("POST", "/api/uploads/")}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("publish", "nothing-here.zip", *VERSION),
        ("publish", "nothing-*.zip", *VERSION),
        ("publish", *VERSION),
        ("publish", __file__, "--download", "packsmith"),
        ("publish", __file__, *VERSION, "--parallel", "0"),
    ],
)
def test_senseless_command_lines_are_usage_errors(run: Run, words: tuple[str, ...]) -> None:
    ended = run(*words, "--json")
    assert ended.code == 2
    assert ended.json["error"]["code"] == "usage"


def test_two_files_of_one_name_are_a_usage_error(run: Run, files: Files) -> None:
    assert run("publish", str(files("a.zip")), str(files("A.zip", folder="other")), *VERSION).code == 2
