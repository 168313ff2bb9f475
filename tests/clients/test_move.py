"""The pages of docs/move: the files that they show are written, and their commands run as they stand there.

Only the names of the hub and of the download are filled in.
"""

from __future__ import annotations

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
    variables |= {"PATH": path, "RELEASEHUB_API_KEY": repository.site.keys["writer"]}
    return programs.run("bash", "-c", filled_in(commands_of(page), repository), folder=folder, **variables).ok()


def filled_in(text: str, repository: Repository) -> str:
    site = repository.site
    for documented, here in (
        ("https://releases.example.com", site.tls_url),
        ("releases.example.com", site.tls_host),
        ("acme/packsmith", repository.full_name),
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
    [("octokit", "v1.0.0"), ("pygithub", "v1.0.0"), ("semantic-release", "v1.0.0"), ("release-it", "1.0.0")],
)
def test_publishing_pages(programs: Programs, repository: Repository, folder: Path, tool: str, tag: str) -> None:
    run_page(f"move/{tool}.md", programs, repository, folder)
    assert repository.asset_names(tag) == {ARCHIVE}


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
