"""Login, lists, changes to versions, and what holds for every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from releasehub_cli import catalog, config
from releasehub_cli.app import cli
from tests.cli.conftest import Run
from tests.cli.faults import replace_in_answer, status
from tests.cli.proxy import Answer, Handler, Proxy
from tests.cli.shelf import Shelf
from tests.hubs import Hub

pytestmark = pytest.mark.embedded
DOWNLOADS = "/api/mc-dm-downloads/"


@pytest.fixture
def version(shelf: Shelf) -> int:
    return shelf.release("1.5.0", channel="beta", linux=b"data")


def test_login_stores_the_key_for_its_owner_only(anonymous: Run, proxy: Proxy, shelf: Shelf) -> None:
    ended = anonymous("login", "--url", f"{proxy.url}/api/", "--key-stdin", text=f"{shelf.key}\n")
    assert ended.code == 0, ended.err
    path = config.config_path()
    assert json.loads(path.read_text()) == {"url": proxy.url, "key": shelf.key}
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert shelf.key not in ended.out + ended.err
    assert anonymous("list").code == 0


def test_login_refuses_a_wrong_key(anonymous: Run, proxy: Proxy) -> None:
    ended = anonymous("login", "--url", proxy.url, "--key", "rh_wrong", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (3, "api_key_not_found")
    assert len(ended.json["error"]["request_id"]) == 32
    assert not config.config_path().exists()


def test_stored_key_is_sent_only_to_the_hub_it_was_stored_for(anonymous: Run, proxy: Proxy, shelf: Shelf) -> None:
    config.save_login(config.Login("https://elsewhere.example", shelf.key))
    anonymous("--url", proxy.url, "list")
    assert proxy.seen
    assert not any("XF-Api-Key" in seen.headers for seen in proxy.seen)


def test_logout_removes_the_stored_login(anonymous: Run) -> None:
    config.save_login(config.Login("https://hub.example", "rh_x"))
    assert anonymous("logout", "--json").json == {"removed": True, "url": "https://hub.example"}
    assert not config.config_path().exists()
    assert anonymous("logout").code == 0


def test_login_without_a_terminal_asks_no_question(anonymous: Run) -> None:
    assert anonymous("login", "--url", "https://hub.example").code == 2


@pytest.mark.parametrize("url", ["ftp://hub", "hub.example", "https://", "https://u:p@hub", "https://hub:x"])
def test_invalid_url_is_a_usage_error(anonymous: Run, url: str) -> None:
    assert anonymous("--url", url, "--key", "rh_x", "list").code == 2


def test_url_and_key_are_read_from_the_environment(
    anonymous: Run, proxy: Proxy, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASEHUB_URL", proxy.url)
    monkeypatch.setenv("RELEASEHUB_API_KEY", shelf.key)
    assert anonymous("list").code == 0
    assert proxy.seen[-1].headers["XF-Api-Key"] == shelf.key


def test_whoami_shows_the_user_and_the_key(run: Run, hub: Hub, shelf: Shelf) -> None:
    data = run("whoami", "--json").json
    assert data["user"]["username"] == hub.printed["User"]
    assert shelf.key.startswith(data["key"]["prefix"])
    assert hub.printed["User"] in run("whoami").out


def test_create_makes_a_download_in_the_named_category(run: Run, shelf: Shelf) -> None:
    slug = f"{shelf.slug}-made"
    ended = run("create", "Made", "--category", "tools", "--slug", slug, "--tag-line", "A tool", "--json")
    assert ended.code == 0, ended.err
    row = shelf.api.get("mc-dm-downloads/", params={"slug": slug, "with": "full"}).json()["downloads"][0]
    assert (row["title"], row["tag_line"]) == ("Made", "A tool")
    assert ended.json["download"]["slug"] == slug


def test_create_without_a_category_lists_the_categories(run: Run) -> None:
    ended = run("create", "No category", "--json")
    assert ended.code == 2
    assert "tools" in ended.json["error"]["hint"]


def test_list_shows_downloads(run: Run, shelf: Shelf) -> None:
    assert {"packsmith", shelf.slug} <= {row["slug"] for row in run("list", "--json").json["downloads"]}
    assert shelf.slug in run("list").out


def test_list_shows_versions_with_files(run: Run, shelf: Shelf, version: int) -> None:
    (row,) = run("list", shelf.slug, "--json").json["versions"]
    assert (row["version_id"], row["version_string"], row["channel"]) == (version, "1.5.0", "beta")
    assert row["state"] == "published"
    assert row["files"][0]["filename"] == "tool-linux.bin"
    text = run("list", "--download", shelf.slug).out
    assert "1.5.0" in text
    assert "tool-linux.bin  4 B" in text


def test_list_reads_all_pages(run: Run, proxy: Proxy, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "PAGE_SIZE", 2)
    for number in range(5):
        shelf.add_version(f"1.{number}")
    assert len(run("list", shelf.slug, "--json").json["versions"]) == 5
    assert len(proxy.requests("GET", "/api/mc-dm-versions/")) == 3


def test_one_version_is_found_without_reading_all_of_them(
    run: Run, proxy: Proxy, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "PAGE_SIZE", 1)
    for number in ("1.0", "v1.1", "1.2", "1.3", "1.4"):
        shelf.release(number, linux=b"tool")
    for number in ("v1.0", "1.1"):
        before = len(proxy.requests("GET", "/api/mc-dm-versions/"))
        assert run("yank", f"{shelf.slug}@{number}", "--reason", "Broken").code == 0
        assert len(proxy.requests("GET", "/api/mc-dm-versions/")) == before + 3
    assert {row["version_string"] for row in shelf.versions() if row["is_yanked"]} == {"1.0", "v1.1"}


def test_one_grammar_names_a_version_in_every_command(run: Run, shelf: Shelf, version: int, tmp_path: Path) -> None:
    for name in (f"{shelf.slug}@beta", f"{shelf.slug}@1.5.0", f"{shelf.slug}@v1.5.0"):
        (row,) = run("list", name, "--json").json["versions"]
        assert row["version_id"] == version
    path = tmp_path / "tool-linux.bin"
    path.write_bytes(b"data")
    assert run("verify", f"{shelf.slug}@beta", str(path)).code == 0


def test_former_slug_names_a_download_in_every_command(run: Run, proxy: Proxy, shelf: Shelf, tmp_path: Path) -> None:
    shelf.release("1.5.0", linux=b"data")
    path = tmp_path / "tool-linux.bin"
    path.write_bytes(b"data")

    def find_renamed(handler: Handler) -> None:
        handler.send(handler.ask_hub(b"", path=handler.path.replace("former", shelf.slug)))

    def move(handler: Handler) -> None:
        handler.send(Answer(308, {"Location": handler.path.replace("former", shelf.slug)}, b""))

    proxy.fail("GET", DOWNLOADS, *[find_renamed] * 5)
    proxy.fail("HEAD", "/d/former/.*", move)
    assert run("list", "former", "--json").json["download"]["slug"] == shelf.slug
    assert run("publish", "former@1.5.0", str(path), "--json").json["download"]["slug"] == shelf.slug
    for target in ("former@1.5.0", "former@latest"):
        assert run("verify", target, str(path)).code == 0
    assert run("yank", "former@1.5.0", "--reason", "Broken").code == 0


@pytest.mark.parametrize("by_number", [True, False])
def test_yank_and_unyank(run: Run, shelf: Shelf, version: int, by_number: bool) -> None:
    name = str(version) if by_number else f"{shelf.slug}@1.5.0"
    assert run("yank", name, "--reason", "Broken", "--json").json["version"]["is_yanked"] is True
    assert shelf.versions()[0]["yank_reason"] == "Broken"
    assert run("unyank", name).code == 0
    assert not shelf.versions()[0]["is_yanked"]


def test_security_marks_a_version_and_removes_the_mark(run: Run, shelf: Shelf, version: int) -> None:
    name = f"{shelf.slug}@1.5.0"
    ended = run("security", name, "--reason", "CVE-2026-1", "--json")
    assert (ended.code, ended.json["version"]["is_security_release"]) == (0, True)
    assert run("security", name, "--undo").code == 0
    assert shelf.versions()[0]["is_security_release"] is False


def test_min_age_is_asked_of_the_hub(run: Run, proxy: Proxy, shelf: Shelf, version: int, tmp_path: Path) -> None:
    words = ("download", f"{shelf.slug}@beta", "--file", "tool-linux.bin", "-o", str(tmp_path))
    refused = run(*words, "--min-age", "7d")
    assert (refused.code, "No version has been public for 7d yet" in refused.err) == (6, True)
    assert run("security", f"{shelf.slug}@1.5.0").code == 0
    assert run(*words, "--min-age", "7d", "--no-security").code == 6
    assert run(*words, "--min-age", "7d").code == 0
    assert run("list", f"{shelf.slug}@beta", "--min-age", "7d").code == 0
    invalid = run("list", f"{shelf.slug}@beta", "--min-age", "a week")
    assert invalid.code == 2
    assert "--min-age" in invalid.err
    assert "min_age" not in invalid.err + refused.err
    assert run("verify", f"{shelf.slug}@beta", str(tmp_path / "tool-linux.bin"), "--min-age", "7d").code == 0


def test_publish_marks_the_version_before_it_is_published(run: Run, shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "tool.bin"
    path.write_bytes(b"data")
    assert run("publish", f"{shelf.slug}@2.0.0", str(path), "--security").code == 0
    shown = {row["version_string"]: row for row in shelf.versions()}
    assert shown["2.0.0"]["is_security_release"] is True
    assert shown["2.0.0"]["state"] == "published"


def test_promote_moves_a_version_to_the_channel(run: Run, shelf: Shelf, version: int) -> None:
    words = ("promote", f"{shelf.slug}@1.5.0", "--from", "beta", "--to", "stable")
    ended = run(*words, "--json")
    assert (ended.code, ended.json["version"]["channel"], ended.json["from"]) == (0, "stable", "beta")
    assert shelf.versions()[0]["channel"] == "stable"
    assert run(*words).code == 6


def test_rollout_offers_a_version_to_a_share_of_the_clients(run: Run, shelf: Shelf, version: int) -> None:
    ended = run("rollout", f"{shelf.slug}@1.5.0", "20", "--json")
    assert (ended.code, ended.json["version"]["rollout_percent"]) == (0, 20)
    assert shelf.versions()[0]["rollout_percent"] == 20
    assert run("rollout", f"{shelf.slug}@1.5.0", "101").code == 2


def test_delete_a_file_or_a_version(run: Run, shelf: Shelf) -> None:
    shelf.add_file(shelf.add_version("1.5.0"), "a.bin", b"a")
    words = ("delete", f"{shelf.slug}@1.5.0", "--reason", "Wrong")
    assert run(*words).code == 2  # there is no terminal to answer the question
    assert run(*words, "--file", "b.bin", "--yes").code == 6
    assert run(*words, "--file", "a.bin", "--yes").code == 0
    assert not shelf.files()
    assert run(*words, "--hard", "--yes").code == 0
    assert not shelf.versions()


@pytest.mark.parametrize(
    ("code", "exit_code"), [(401, 3), (403, 3), (404, 6), (410, 6), (409, 7), (422, 1), (500, 5), (507, 1), (429, 5)]
)
def test_status_determines_the_exit_code(run: Run, proxy: Proxy, code: int, exit_code: int) -> None:
    proxy.fail("GET", "/api/whoami", *[status(code)] * 9)
    ended = run("whoami", "--json")
    assert ended.code == exit_code
    assert set(ended.json["error"]) >= {"code", "message", "exit_code"}


def test_server_that_is_not_a_hub_is_reported(run: Run, proxy: Proxy) -> None:
    proxy.fail("GET", DOWNLOADS, status(200, b"<html>"))
    ended = run("list", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "no_hub")


def test_redirect_of_the_hub_is_not_followed(run: Run, proxy: Proxy) -> None:
    proxy.fail("GET", DOWNLOADS, status(301, Location=f"{proxy.storage_url}/api/"))
    ended = run("list", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "moved")
    assert not proxy.requests("GET", ".*", "storage")


def test_key_with_invalid_characters_exits_with_3(anonymous: Run) -> None:
    ended = anonymous("--url", "http://127.0.0.1:1", "--key", "rh_\nx", "list")
    assert ended.code == 3
    assert "rh_" not in ended.err


def test_missing_hub_exits_with_2_and_missing_key_with_3(anonymous: Run) -> None:
    assert anonymous("list").code == 2
    assert anonymous("--url", "http://127.0.0.1:1", "yank", "1", "--reason", "x").code == 3


def test_control_characters_from_the_hub_never_reach_the_terminal(run: Run, proxy: Proxy, shelf: Shelf) -> None:
    proxy.fail("GET", DOWNLOADS, replace_in_answer(b'"title":"', b'"title":"\\u001b[2J'))
    ended = run("list")
    assert shelf.slug in ended.out
    assert "[2J" in ended.out
    assert "\x1b" not in ended.out


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_an_example_in_its_help(anonymous: Run, name: str) -> None:
    ended = anonymous(name, "--help")
    assert ended.code == 0
    assert f"  releasehub {name}" in ended.out or f"| releasehub {name}" in ended.out


def test_help_lists_the_exit_codes(anonymous: Run) -> None:
    text = anonymous("--help").out
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130 "):
        assert f"\n    {code}" in text


def test_documentation_names_every_command_and_option() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/cli.md").read_text()
    for command in cli.commands.values():
        assert f"releasehub {command.name}" in text
        common = {"--url", "--key", "--json", "--quiet", "--verbose", "--help"}
        for option in command.params:
            names = [name for name in option.opts if name.startswith("--")]
            assert all(name in text for name in names if name not in common), (command.name, names)
