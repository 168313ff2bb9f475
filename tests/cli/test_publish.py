"""`publish`: from files to a published version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from releasehub_cli import uploads
from tests.cli.conftest import Run
from tests.cli.faults import drop_answer, replace_in_answer, status
from tests.cli.proxy import PART, PART_BYTES, Handler, Proxy, relay
from tests.cli.shelf import Shelf

pytestmark = pytest.mark.embedded
Files = Callable[..., Path]
NUMBER = "1.5.0"


@pytest.fixture
def publish(run: Run, shelf: Shelf) -> Run:
    """Publish files as version 1.5.0 of the test's own download."""
    return lambda *words: run("publish", f"{shelf.slug}@{NUMBER}", *map(str, words))


def test_files_are_uploaded_and_published(
    publish: Run, proxy: Proxy, shelf: Shelf, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SMALL_FILE_BYTES", 2 * PART_BYTES)
    small, big = files("tool-linux-x64.bin"), files("tool-win64.bin", 5 * PART_BYTES + 1)
    ended = publish(small, big, "--notes", "New.", "--channel", "beta", "--json")
    assert ended.code == 0, ended.err
    (version,) = shelf.versions()
    assert (version["state"], version["channel"], version["release_notes"]) == ("published", "beta", "New.")
    rows = shelf.files()
    assert (rows[small.name]["platform"], rows[small.name]["architecture"]) == ("linux", "x64")
    assert (rows[big.name]["platform"], rows[big.name]["architecture"]) == ("windows", "x64")
    assert rows[big.name]["file_hash"] == f"sha256:{hashlib.sha256(big.read_bytes()).hexdigest()}"
    assert (len(proxy.accepted), set(proxy.accepted.values())) == (7, {1})


def test_version_is_published_to_a_share_of_the_clients(publish: Run, shelf: Shelf, files: Files) -> None:
    assert publish(files("tool.bin"), "--rollout", "0").code == 0
    (version,) = shelf.versions()
    assert (version["state"], version["rollout_percent"]) == ("published", 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_notes_are_read_in_the_encodings_of_windows(
    publish: Run, shelf: Shelf, files: Files, tmp_path: Path, encoding: str
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_bytes("# Grüße\r\n".encode(encoding))
    assert publish(files("tool.bin"), "--notes-file", notes, "--draft").code == 0
    assert shelf.versions()[0]["release_notes"].strip() == "# Grüße"


def test_notes_are_the_section_of_the_version_in_a_changelog(
    publish: Run, shelf: Shelf, files: Files, tmp_path: Path
) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changes\n\n## [Unreleased]\n\n## [1.5.0] - 2026-01-31\n\n- Grüße\n\n## 1.4.0\n\n- Older\n")
    assert publish(files("tool.bin"), "--changelog", changelog, "--draft").code == 0
    assert shelf.versions()[0]["release_notes"] == "- Grüße"


def test_changelog_without_the_version_is_refused(publish: Run, files: Files, tmp_path: Path) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("## 1.5.0-rc.1\n\n## 11.5.0\n")
    ended = publish(files("tool.bin"), "--changelog", changelog)
    assert ended.code == 2
    assert "has no heading with the version 1.5.0" in ended.err


def test_notes_in_another_encoding_are_refused(publish: Run, files: Files, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_bytes("Grüße".encode("latin-1"))
    ended = publish(files("tool.bin"), "--notes-file", notes, "--draft")
    assert ended.code == 2
    assert "notes.md is not a text in UTF-8" in ended.err


def test_json_result_is_one_object_on_stdout(publish: Run, proxy: Proxy, shelf: Shelf, files: Files) -> None:
    data = publish(files("tool.bin"), "--json").json
    assert data["published"] is True
    assert data["download"] == {"download_id": shelf.id, "slug": shelf.slug}
    assert set(data["version"]) == {"version_id", "version_string", "channel", "state", "url"}
    assert data["version"]["url"] == f"{proxy.url}/downloads/{shelf.slug}.{shelf.id}/{NUMBER}/"
    (file,) = data["files"]
    assert set(file) == {"file_id", "filename", "size_bytes", "sha256", "platform", "architecture", "done"}
    assert file["done"] == "uploaded"


def test_folder_stands_for_its_direct_visible_files(publish: Run, shelf: Shelf, files: Files) -> None:
    files("a.bin")
    files(".hidden")
    folder = files("inner/b.bin").parents[1]
    assert publish(folder, "--draft").code == 0
    assert set(shelf.files()) == {"a.bin"}


def test_pattern_is_expanded_where_the_shell_did_not(publish: Run, shelf: Shelf, files: Files) -> None:
    folder = files("a.bin").parent
    files("b.txt")
    assert publish(folder / "*.bin", "--draft").code == 0
    assert set(shelf.files()) == {"a.bin"}


def test_second_run_finishes_a_draft_and_sends_only_what_is_missing(
    publish: Run, proxy: Proxy, shelf: Shelf, files: Files
) -> None:
    first, second = files("a.bin"), files("b.bin")
    ended = publish(first, "--draft", "--json")
    assert (ended.code, ended.json["published"], ended.json["version"]["state"]) == (0, False, "draft")
    ended = publish(first, second, "--json")
    assert [file["done"] for file in ended.json["files"]] == ["present", "uploaded"]
    assert shelf.versions()[0]["is_published"]
    assert set(proxy.accepted.values()) == {1}


def test_publishing_the_same_files_again_does_nothing(publish: Run, proxy: Proxy, files: Files) -> None:
    path = files("a.bin")
    publish(path)
    before = len(proxy.requests("PUT", PART))
    ended = publish(path)
    assert ended.code == 0
    assert "nothing to do" in ended.err
    assert len(proxy.requests("PUT", PART)) == before


def test_jobs_that_share_a_version_can_run_again_after_it_is_published(publish: Run, files: Files) -> None:
    build, last = (files("a.bin"), "--draft"), (files("b.bin"),)
    for job in (build, last, build, last):
        ended = publish(*job)
        assert ended.code == 0, ended.err
    assert "The version has more files: a.bin" in ended.err


def test_publishing_other_files_under_a_published_version_is_a_conflict(
    publish: Run, shelf: Shelf, files: Files
) -> None:
    shelf.release(NUMBER, linux=b"published")
    ended = publish(files("b.bin"), files("tool-linux.bin"), "--json")
    assert (ended.code, ended.json["error"]["code"]) == (7, "conflict")
    assert "missing: b.bin; different: tool-linux.bin." in ended.json["error"]["message"]


def test_file_of_the_same_name_with_other_bytes_requires_replace(publish: Run, shelf: Shelf, files: Files) -> None:
    shelf.add_file(shelf.add_version(NUMBER), "a.bin", b"older")
    path = files("a.bin")
    assert publish(path).code == 7
    assert publish(path, "--replace").code == 0
    assert [row["file_size"] for row in shelf.files().values()] == [1000]


def test_version_that_waits_for_a_moderator_is_no_failure_when_the_job_runs_again(
    publish: Run, proxy: Proxy, files: Files
) -> None:
    path = files("a.bin")
    publish(path, "--draft")
    pending = replace_in_answer(b'"state":"draft"', b'"state":"pending"')
    proxy.fail("GET", "/api/mc-dm-versions/", pending)
    proxy.fail("GET", "/api/mc-dm-versions/[0-9]+/", pending)
    proxy.fail("POST", "/api/mc-dm-versions/[0-9]+/publish/", status(403))
    ended = publish(path)
    assert ended.code == 0, ended.err
    assert "A moderator must approve the version" in ended.err


def test_version_in_several_channels_requires_the_channel(publish: Run, shelf: Shelf, files: Files) -> None:
    shelf.add_version(NUMBER, channel="beta")
    shelf.add_version(NUMBER, channel="alpha")
    path = files("a.bin")
    assert publish(path).code == 7
    assert publish(path, "--channel", "alpha").code == 0


def test_decomposed_file_name_is_the_same_name(publish: Run, proxy: Proxy, shelf: Shelf, files: Files) -> None:
    path = files("cafe\u0301.bin")
    assert publish(path, "--draft").code == 0
    assert set(shelf.files()) == {"caf\u00e9.bin"}
    assert publish(path).code == 0
    assert set(proxy.accepted.values()) == {1}


def test_download_is_found_by_its_number_and_by_the_older_options(run: Run, shelf: Shelf, files: Files) -> None:
    ended = run("publish", str(files("a.bin")), "--download", str(shelf.id), "--version", "1.0", "--draft")
    assert ended.code == 0, ended.err
    assert [row["version_string"] for row in shelf.versions()] == ["1.0"]


def test_unknown_download_is_not_found(run: Run, files: Files) -> None:
    assert run("publish", "nope@1.0", str(files("a.bin"))).code == 6


def test_content_that_the_hub_refuses_is_reported_and_not_published(publish: Run, shelf: Shelf, files: Files) -> None:
    ended = publish(files("random-bytes.zip"))
    assert ended.code == 1
    assert "random-bytes.zip failed the content checks of the hub. The file name ends in .zip, but" in ended.err
    assert not shelf.versions()[0]["is_published"]


def test_label_and_platform_are_sent(publish: Run, shelf: Shelf, files: Files) -> None:
    words = ("--label", "For old machines", "--platform", "none", "--architecture", "ARM64", "--draft")
    assert publish(files("tool-linux.bin"), *words).code == 0
    (row,) = shelf.files().values()
    assert (row["platform"], row["architecture"], row["display_label"]) == ("", "arm64", "For old machines")


def test_two_jobs_that_create_the_version_at_once_share_it(
    publish: Run, proxy: Proxy, shelf: Shelf, files: Files
) -> None:
    def other_job_is_faster(handler: Handler) -> None:
        shelf.add_version(NUMBER)
        relay(handler)

    proxy.fail("POST", "/api/mc-dm-versions/", other_job_is_faster)
    ended = publish(files("a.bin"))
    assert ended.code == 0, ended.err
    assert len(shelf.versions()) == 1


def test_temporary_fault_of_the_hub_is_retried(publish: Run, proxy: Proxy, shelf: Shelf, files: Files) -> None:
    faults = [status(code) for code in (500, 502, 503, 504, 429)]
    proxy.fail("POST", "/api/mc-dm-versions/", *faults)
    assert publish(files("a.bin"), "--draft").code == 0
    assert len(shelf.versions()) == 1


def test_repeated_request_carries_the_same_idempotency_key_and_has_one_effect(
    publish: Run, proxy: Proxy, files: Files
) -> None:
    proxy.fail("POST", "/api/uploads/", drop_answer)
    ended = publish(files("a.bin"), "--draft")
    assert ended.code == 0, ended.err
    sent = proxy.requests("POST", "/api/uploads/")
    assert (len(sent), len({seen.headers["Idempotency-Key"] for seen in sent})) == (2, 1)


def test_file_that_states_another_version_is_a_warning_or_with_strict_an_error(publish: Run, files: Files) -> None:
    path = files("tool-1.2.0.bin")
    ended = publish(path, "--draft", "--strict", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "version_differs")
    ended = publish(path, "--draft")
    assert ended.code == 0
    assert "Warning: " in ended.err
    assert "tool-1.2.0.bin states 1.2.0" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("publish", "packsmith@1.5.0", "nothing-here.zip"),
        ("publish", "packsmith@1.5.0", "nothing-*.zip"),
        ("publish", "packsmith@1.5.0"),
        ("publish", "packsmith@latest", __file__),
        ("publish", __file__, "--download", "packsmith"),
        ("publish", __file__, "packsmith@1.5.0"),
        ("publish", "packsmith@1.5.0", __file__, "--parallel", "0"),
    ],
)
def test_malformed_command_lines_are_usage_errors(anonymous: Run, words: tuple[str, ...]) -> None:
    ended = anonymous("--url", "http://127.0.0.1:1", "--key", "rh_x", *words, "--json")
    assert ended.code == 2
    assert ended.json["error"]["code"] == "usage"


def test_two_files_with_the_same_name_are_a_usage_error(anonymous: Run, files: Files) -> None:
    paths = (str(files("a.bin")), str(files("A.bin", folder="other")))
    assert anonymous("--url", "http://127.0.0.1:1", "--key", "rh_x", "publish", "packsmith@1.5.0", *paths).code == 2
