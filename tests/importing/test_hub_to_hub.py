"""Imports from a running hub into another one, with the command that operators use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.faults.launcher import Launchers
from tests.hubs import Hub, environment, start

pytestmark = pytest.mark.embedded
LOOPBACK = "127.0.0.1/32"


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Hub]]:
    """Two hubs with their own databases and files. The first one has a download with everything."""
    folder = tmp_path_factory.mktemp("hubs")
    there = start(folder / "there")
    try:
        here = start(folder / "here", RELEASEHUB_WEBHOOK_ALLOW_NETS=LOOPBACK)
        try:
            fill(there)
            yield there, here
        finally:
            here.end()
    finally:
        there.end()


@pytest.fixture(scope="module")
def launchers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launchers]:
    """Start the commands as forks of a process that has loaded the hub, one for each environment."""
    with Launchers(tmp_path_factory.mktemp("output")) as running:
        yield running


def post(hub: Hub, path: str, *, files: Any = None, **fields: Any) -> Any:
    headers = {"XF-Api-Key": hub.printed["API key"]}
    answer = requests.post(f"{hub.url}/api/{path}", data=fields, files=files, headers=headers, timeout=120)
    assert answer.ok, answer.text
    return answer.json()


def add_version(hub: Hub, download_id: int, number: str, files: dict[str, dict[str, Any]], **fields: Any) -> int:
    body = {"download_id": download_id, "version_string": number, "state": "draft", **fields}
    version_id = int(post(hub, "mc-dm-versions/", **body)["version"]["version_id"])
    for name, values in files.items():
        content = f"{number} {name}".encode() * 1000
        post(hub, "mc-dm-files/", version_id=version_id, files={"file": (name, content)}, **values)
    return version_id


def fill(hub: Hub) -> None:
    categories = hub.get("/api/mc-dm-categories/")["categories"]
    fields = {"title": "Complete", "slug": "complete", "visibility": "private"}
    created = post(hub, "mc-dm-downloads/", category_id=categories[0]["category_id"], **fields)
    download_id = created["download"]["download_id"]
    texts = {"release_notes": "# Notes\n\n- ü", "changelog": "* Changes", "title": "The first"}
    platforms = {"platform": "linux", "architecture": "arm64", "display_label": "For Linux"}
    files: dict[str, dict[str, Any]] = {"tool ü.bin": platforms, "tool.sig": {}, "tool.exe": {"is_primary": "1"}}
    first = add_version(hub, download_id, "1.0.0", files, tag="cli/v1.0.0", **texts)
    second = add_version(hub, download_id, "1.1.0", {"tool.bin": {}}, end_of_support="2031-02-03")
    third = add_version(hub, download_id, "2.0.0", {"tool.bin": {}}, channel="Nightly", platforms="linux,macos")
    for version_id in (first, second, third):
        post(hub, f"mc-dm-versions/{version_id}/publish/")
    post(hub, f"mc-dm-versions/{second}/yank/", reason="Loses data.")
    add_version(hub, download_id, "3.0.0", {"tool.bin": {}})


def import_from(
    launchers: Launchers, there: Hub, here: Hub, slug: str, *arguments: str, has_key: bool = True, target: str = ""
) -> tuple[int, str]:
    """Run the command on the second hub, and return its exit code and what it printed."""
    category = here.get("/api/mc-dm-categories/")["categories"][0]["view_url"].rstrip("/").rpartition("/")[2]
    options = ["--api", there.url, "--to", target or f"copy-of-{slug}", "--create", category.rpartition(".")[0]]
    if has_key:
        token_file = here.data / "token"
        token_file.write_text(there.printed["API key"])
        options += ["--token-file", str(token_file)]
    extra = {"RELEASEHUB_WEBHOOK_ALLOW_NETS": LOOPBACK}
    importing = ("manage.py", "import", "releasehub", slug, *options, "--owner", here.printed["User"], *arguments)
    variables = environment(here.data, DJANGO_SETTINGS_MODULE="releasehub.settings.base", **extra)
    variables.pop("PYTEST_CURRENT_TEST", None)  # each test would get a launcher of its own
    command = launchers.of(variables).begin(*importing)
    try:
        output, errors = command.finish(timeout=300)
    finally:
        command.kill()
    return command.process.wait(), output + errors


def described(hub: Hub, slug: str) -> list[dict[str, Any]]:
    """Return everything about the versions that has to be the same on both hubs."""
    headers = {"XF-Api-Key": hub.printed["API key"]}

    def get(path: str, key: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{hub.url}/api/{path}&with=full&per_page=100", headers=headers, timeout=120)
        return list(answer.json()[key])

    (download,) = get(f"mc-dm-downloads/?slug={slug}", "downloads")
    names = ("version_string", "tag", "channel", "platforms", "release_notes", "changelog", "state", "yank_reason")
    names += ("end_of_support",)
    files = ("filename", "file_hash", "file_size", "display_label", "platform", "architecture", "kind", "is_primary")
    rows = []
    for row in get(f"mc-dm-versions/?download_id={download['download_id']}&order=version_int", "versions"):
        found = get(f"mc-dm-files/?version_id={row['version_id']}", "files")
        found.sort(key=lambda file: str(file["filename"]))
        values = {name: row[name] for name in names}
        values["title"] = row["display_title"].replace(f"{download['title']} ", "")
        rows.append(values | {"files": [{name: file[name] for name in files} for file in found]})
    return rows


@pytest.fixture(scope="module")
def copied(hubs: tuple[Hub, Hub], launchers: Launchers) -> str:
    """Import the private download, and return what the command printed."""
    code, output = import_from(launchers, *hubs, "complete", "--drafts")
    assert code == 0, output
    return output


def test_private_download_is_copied_with_everything(hubs: tuple[Hub, Hub], copied: str) -> None:
    there, here = hubs
    assert "4 created" in copied
    assert described(here, "copy-of-complete") == described(there, "complete")


def test_public_download_is_copied_without_a_key_and_only_once(hubs: tuple[Hub, Hub], launchers: Launchers) -> None:
    there, here = hubs
    code, output = import_from(launchers, there, here, "packsmith", has_key=False)
    assert code == 0, output
    first = described(here, "copy-of-packsmith")
    # Without a key, drafts do not exist.
    assert first == [row for row in described(there, "packsmith") if row["state"] != "draft"]
    code, output = import_from(launchers, there, here, "packsmith", has_key=False)
    assert code == 0, output
    assert "0 created, 0 updated" in output
    assert described(here, "copy-of-packsmith") == first


def test_private_download_needs_the_key(hubs: tuple[Hub, Hub], launchers: Launchers) -> None:
    there, here = hubs
    code, output = import_from(launchers, there, here, "complete", has_key=False, target="without-key")
    assert code == 1
    assert "hides it without a key" in output


@pytest.mark.usefixtures("copied")
def test_dry_run_lists_what_would_be_made(hubs: tuple[Hub, Hub], launchers: Launchers) -> None:
    there, here = hubs
    post(there, "mc-dm-versions/", download_id=_id_of(there, "complete"), version_string="9.0.0")
    code, output = import_from(launchers, there, here, "complete", "--dry-run")
    assert code == 0, output
    assert "To be created: 9.0.0" in output
    assert not any(row["version_string"] == "9.0.0" for row in described(here, "copy-of-complete"))


def _id_of(hub: Hub, slug: str) -> int:
    headers = {"XF-Api-Key": hub.printed["API key"]}
    answer = requests.get(f"{hub.url}/api/mc-dm-downloads/?slug={slug}", headers=headers, timeout=120)
    return int(json.loads(answer.content)["downloads"][0]["download_id"])
