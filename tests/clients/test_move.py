"""The pages of docs/move: the files that they show are written, and their commands run as they stand there.

Only the names of the hub and of the download are filled in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.clients.installing import RENOVATE_VARIABLE
from tests.clients.programs import Programs
from tests.clients.site import OWNER, Repository
from tests.clients.sources import make_source
from tests.clients.test_mise import archive
from tests.clients.test_publishers import ACTION, needs_action
from tests.clients.test_velopack import installed_python, velopack_files
from tests.clients.updates import app_image, block_map_file, is_file, program
from tests.documented import commands_of, files_of
from tests.ended import Ended

ARCHIVE = "packsmith-linux-x64.tar.gz"


@pytest.fixture
def folder(programs: Programs, repository: Repository, tmp_path: Path) -> Path:
    """A checkout with files to publish, in which the programs are installed."""
    source = make_source(programs, repository, tmp_path)
    (source / "dist").mkdir()
    (source / "dist" / ARCHIVE).write_bytes(archive("hello", name="packsmith"))
    (source / "dist" / "notes.txt").write_text("notes")
    (source / "node_modules").symlink_to(programs.node_modules)
    with (source / ".git/info/exclude").open("a") as exclude:
        exclude.write("node_modules\n*.json\n*.sh\n.*\n")
    return source


def run_page(page: str, programs: Programs, repository: Repository, folder: Path, **variables: str) -> Ended:
    for name, text in files_of(page).items():
        (folder / name).write_text(filled_in(text, repository))
    renovate = programs.installed / "renovate/node_modules/.bin"
    path = f"{programs.node.parent}:{programs.python.parent}:{programs.mise.parent}:{renovate}:{os.environ['PATH']}"
    authority = str(programs.site.authority)
    variables |= {"REQUESTS_CA_BUNDLE": authority, "CURL_CA_BUNDLE": authority}
    key = repository.site.keys["writer"]
    variables |= {"PATH": path, "RELEASEHUB_API_KEY": key}
    variables |= {"GH_HOST": repository.site.tls_host, "GH_ENTERPRISE_TOKEN": key, "GH_REPO": repository.full_name}
    return programs.run("bash", "-c", filled_in(commands_of(page), repository), folder=folder, **variables).ok()


def filled_in(text: str, repository: Repository) -> str:
    site = repository.site
    for documented, here in (
        ("https://releases.example.com", site.tls_url),
        ("releases.example.com", site.tls_host),
        ("acme/packsmith", repository.full_name),
        ("owner: acme", f"owner: {OWNER}"),
        ("repo: packsmith", f"repo: {repository.name}"),
        ('"acme"', f'"{OWNER}"'),
        ('"packsmith"', f'"{repository.name}"'),
    ):
        text = text.replace(documented, here)
    return text


def test_gh(programs: Programs, repository: Repository, folder: Path) -> None:
    run_page("move/gh.md", programs, repository, folder)
    assert {path.name for path in (folder / "downloaded").iterdir()} == {ARCHIVE, "notes.txt"}
    assert [release["tag_name"] for release in repository.releases()] == ["v1.0.0"]


@pytest.mark.parametrize(
    ("tool", "tag"),
    [("octokit", "v1.0.0"), ("semantic-release", "v1.0.0"), ("release-it", "1.0.0")],
)
def test_publishing_pages(programs: Programs, repository: Repository, folder: Path, tool: str, tag: str) -> None:
    run_page(f"move/{tool}.md", programs, repository, folder)
    assert repository.asset_names(tag) == {ARCHIVE}


def test_pygithub_ghapi_and_githubkit(programs: Programs, repository: Repository, folder: Path) -> None:
    shown = run_page("move/pygithub.md", programs, repository, folder).out.splitlines()
    assert shown[1:] == ["ghapi: v1.0.0", "githubkit: v1.0.0"]
    assert repository.asset_names("v1.0.0") == {ARCHIVE}


def test_velopack(programs: Programs, repository: Repository, folder: Path) -> None:
    (folder / "Releases").mkdir()
    for name, content in velopack_files("1.1.0").items():
        (folder / "Releases" / name).write_bytes(content)
    run_page("move/velopack.md", programs, repository, folder)
    assert repository.asset_names("v1.1.0") == set(velopack_files("1.1.0"))
    installed, variables = installed_python(programs, folder / "app")
    check = folder / "check.py"  # Velopack trusts no authority but those of the system
    check.write_text(check.read_text().replace(repository.site.tls_url, repository.site.url))
    assert programs.run(installed, check, **variables).ok().out == "1.1.0\n"


def test_electron_updater(programs: Programs, repository: Repository, folder: Path) -> None:
    image = app_image(program(1))
    files = {"tool.AppImage": image, "tool.AppImage.blockmap": block_map_file(image)}
    digest = base64.b64encode(hashlib.sha512(image).digest()).decode()
    listed = {"url": "tool.AppImage", "sha512": digest, "size": len(image)}
    files["latest-linux.yml"] = json.dumps({"version": "1.1.0", "files": [listed]}).encode()
    for name, content in files.items():
        (folder / "dist" / name).write_bytes(content)
    run_page("move/electron-updater.md", programs, repository, folder)
    assert repository.asset_names("v1.1.0") == set(files)
    lines = (folder / "electron-builder.yml").read_text().splitlines()
    provider = dict(line.strip().split(": ") for line in lines if line.startswith("  "))
    installed = folder / "old.AppImage"
    installed.write_bytes(app_image(program(1, changed=True)))
    wanted = {"system": "AppImage", "version": "1.0.0", "folder": str(programs.home / "app"), "download": True}
    wanted |= {"provider": provider, "old": str(installed)}
    found = programs.run_node("electron_update.js", json.dumps(wanted)).ok().json
    assert is_file(found, image), found


@needs_action
def test_action_gh_release(programs: Programs, repository: Repository, folder: Path) -> None:
    place = folder / ".action/dist/index.js"
    place.parent.mkdir(parents=True)
    shutil.copy(ACTION, place)
    (folder / "output").touch()
    of_the_runner = {"GITHUB_REF": "refs/tags/v1.0.0", "GITHUB_OUTPUT": str(folder / "output")}
    run_page("move/action-gh-release.md", programs, repository, folder, **of_the_runner)
    assert repository.asset_names("v1.0.0") == {ARCHIVE}


def test_mise(programs: Programs, repository: Repository, folder: Path) -> None:
    name = "packsmith-1.0.0-linux-x64.tar.gz"
    repository.release("v1.0.0", {name: archive("hello from the hub", name="packsmith")})
    assert "hello from the hub" in run_page("move/mise.md", programs, repository, folder).out


def test_curl(programs: Programs, repository: Repository, folder: Path) -> None:
    content = archive("hello")
    repository.release("v1.0.0", {ARCHIVE: content})
    shown = run_page("move/curl.md", programs, repository, folder).out.splitlines()
    url = f"{repository.site.tls_url}/{repository.full_name}/releases/download/v1.0.0/{ARCHIVE}"
    assert [line.strip() for line in shown] == ["v1.0.0", "v1.0.0", url, "packsmith.tar.gz: OK"]
    assert {(folder / name).read_bytes() for name in (ARCHIVE, "packsmith.tar.gz", "private.tar.gz")} == {content}


@pytest.mark.skipif(RENOVATE_VARIABLE not in os.environ, reason="Renovate only runs with --renovate.")
def test_renovate(programs: Programs, repository: Repository, folder: Path) -> None:
    for tag in ("v1.0.0", "v1.1.0"):
        repository.create(tag)
    shutil.rmtree(folder / ".git")  # Renovate would only read files that are committed
    (folder / "tools.txt").write_text(f"{repository.full_name}@v1.0.0\n")
    shown = run_page("move/renovate.md", programs, repository, folder).out
    assert '"newVersion": "v1.1.0"' in shown
