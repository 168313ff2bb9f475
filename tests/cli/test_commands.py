"""Login, lists, what is done to versions, and what holds for all commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from releasehub_cli import config
from releasehub_cli.app import cli
from tests.cli.conftest import Run
from tests.cli.fakehub import KEY, FakeHub, status


@pytest.fixture
def version(fake: FakeHub) -> int:
    return fake.add_version("1.5.0", channel="beta", state="published")


# --- login ------------------------------------------------------------------------------------------------------------


def test_login_keeps_the_key_for_its_owner_only(anonymous: Run, fake: FakeHub) -> None:
    ended = anonymous("login", "--url", f"{fake.url}/api/", "--key-stdin", text=f"{KEY}\n")
    assert ended.code == 0, ended.err
    path = config.config_path()
    assert json.loads(path.read_text()) == {"url": fake.url, "key": KEY}
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert KEY not in ended.out + ended.err
    assert anonymous("list").code == 0


def test_login_refuses_a_wrong_key(anonymous: Run, fake: FakeHub) -> None:
    ended = anonymous("login", "--url", fake.url, "--key", "rh_wrong", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (3, "api_key_not_found")
    assert ended.json["error"]["request_id"] == "req-42"
    assert not config.config_path().exists()


def test_stored_key_is_for_the_stored_hub_only(anonymous: Run, fake: FakeHub) -> None:
    config.save_login(config.Login("https://elsewhere.example", KEY))
    assert anonymous("--url", fake.url, "list").code == 3
    assert not any("XF-Api-Key" in seen.headers for seen in fake.seen)


def test_logout_removes_it(anonymous: Run, fake: FakeHub) -> None:
    config.save_login(config.Login(fake.url, KEY))
    assert anonymous("logout", "--json").json == {"removed": True, "url": fake.url}
    assert not config.config_path().exists()
    assert anonymous("logout").code == 0


def test_without_terminal_nothing_is_asked(anonymous: Run) -> None:
    assert anonymous("login", "--url", "https://hub.example").code == 2


@pytest.mark.parametrize("url", ["ftp://hub", "hub.example", "https://", "https://u:p@hub", "https://hub:x"])
def test_bad_addresses_are_usage_errors(anonymous: Run, url: str) -> None:
    assert anonymous("--url", url, "--key", KEY, "list").code == 2


def test_environment_is_read(anonymous: Run, fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASEHUB_URL", fake.url)
    monkeypatch.setenv("RELEASEHUB_API_KEY", KEY)
    assert anonymous("list").code == 0


# --- list, yank, promote, delete --------------------------------------------------------------------------------------


def test_list_shows_downloads(run: Run) -> None:
    assert [row["slug"] for row in run("list", "--json").json["downloads"]] == ["packsmith", "other"]
    assert "packsmith" in run("list").out


def test_list_shows_versions_with_files(run: Run, fake: FakeHub, version: int) -> None:
    fake.add_file(version, "tool.zip", b"data", platform="linux")
    (row,) = run("list", "--download", "packsmith", "--json").json["versions"]
    assert (row["version_string"], row["channel"], row["state"]) == ("1.5.0", "beta", "published")
    assert row["files"][0]["filename"] == "tool.zip"
    text = run("list", "--download", "packsmith").out
    assert "1.5.0" in text
    assert "tool.zip  4 B" in text


def test_list_reads_all_pages(run: Run, fake: FakeHub) -> None:
    for number in range(150):
        fake.add_version(f"1.{number}")
    assert len(run("list", "--download", "packsmith", "--json").json["versions"]) == 150


@pytest.mark.parametrize("by_number", [True, False])
def test_yank_and_unyank(run: Run, fake: FakeHub, version: int, by_number: bool) -> None:
    name = str(version) if by_number else "packsmith@1.5.0"
    assert run("yank", name, "--reason", "Broken", "--json").json["version"]["is_yanked"] is True
    assert fake.requests("POST", r"/.*/yank/")[0].body == {"reason": "Broken"}
    assert run("unyank", name).code == 0
    assert not fake.versions[version]["is_yanked"]


def test_promote_moves_to_the_channel(run: Run, fake: FakeHub, version: int) -> None:
    ended = run("promote", "packsmith@1.5.0", "--from", "beta", "--to", "stable", "--json")
    assert (ended.code, ended.json["version"]["channel"], ended.json["from"]) == (0, "stable", "beta")
    assert fake.versions[version]["channel"] == "stable"
    assert run("promote", "packsmith@1.5.0", "--from", "beta", "--to", "stable").code == 6


def test_delete_a_file_or_a_version(run: Run, fake: FakeHub, version: int) -> None:
    fake.add_file(version, "a.zip", b"a")
    words = ("delete", "packsmith@1.5.0", "--reason", "Wrong")
    assert run(*words).code == 2  # nobody to ask
    assert run(*words, "--file", "b.zip", "--yes").code == 6
    assert run(*words, "--file", "a.zip", "--yes").code == 0
    assert not fake.files
    assert run(*words, "--hard", "--yes").code == 0
    assert not fake.versions
    assert fake.requests("DELETE", "/api/mc-dm-versions/.*")[0].query == {"reason": "Wrong", "hard": "1"}


# --- all commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "exit_code"), [(401, 3), (403, 3), (404, 6), (410, 6), (409, 7), (422, 1), (500, 5), (507, 1), (429, 5)]
)
def test_status_becomes_exit_code(run: Run, fake: FakeHub, version: int, code: int, exit_code: int) -> None:
    fake.fail("hub", "POST", r"/.*/unyank/", *[status(code)] * 9)
    ended = run("unyank", str(version), "--json")
    assert ended.code == exit_code
    assert set(ended.json["error"]) >= {"code", "message", "exit_code"}


def test_what_is_no_hub_is_told(run: Run, fake: FakeHub) -> None:
    fake.fail("hub", "GET", r"/api/.*", status(200))
    ended = run("list")
    assert ended.code == 1
    assert "no hub" in ended.err


def test_redirect_of_the_hub_is_not_followed(run: Run, fake: FakeHub) -> None:
    fake.fail("hub", "GET", r"/api/.*", status(301, Location=f"{fake.storage_url}/api/"))
    ended = run("list", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "moved")
    assert not fake.sent()


def test_key_that_no_header_can_hold_is_3(anonymous: Run, fake: FakeHub) -> None:
    ended = anonymous("--url", fake.url, "--key", "rh_\nx", "list")
    assert ended.code == 3
    assert "rh_" not in ended.err


def test_without_key_or_hub(anonymous: Run, fake: FakeHub) -> None:
    assert anonymous("list").code == 2
    assert anonymous("--url", fake.url, "yank", "1", "--reason", "x").code == 3


def test_terminal_is_not_steered_by_the_hub(run: Run, fake: FakeHub) -> None:
    fake.downloads[1]["title"] = "\x1b[2JPacksmith"
    assert "\x1b" not in run("list").out


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_an_example_in_its_help(anonymous: Run, name: str) -> None:
    ended = anonymous(name, "--help")
    assert ended.code == 0
    assert f"  releasehub {name}" in ended.out or f"| releasehub {name}" in ended.out


def test_help_names_the_exit_codes(anonymous: Run) -> None:
    text = anonymous("--help").out
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130 "):
        assert f"\n    {code}" in text


def test_version_is_printed(anonymous: Run) -> None:
    assert anonymous("--version").out.startswith("releasehub, version ")


def test_documentation_names_every_command_and_option() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/cli.md").read_text()
    for command in cli.commands.values():
        assert f"releasehub {command.name}" in text
        common = {"--url", "--key", "--json", "--quiet", "--verbose", "--help"}
        for option in command.params:
            names = [name for name in option.opts if name.startswith("--")]
            assert all(name in text for name in names if name not in common), (command.name, names)
