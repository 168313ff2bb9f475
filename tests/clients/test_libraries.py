"""Libraries of Python and JavaScript for GitHub's API: they publish, read and page through releases."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients.programs import Programs
from tests.clients.site import Repository, Site

CONTENT = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
RELEASES = 150


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "tool-1.0.0-linux-x64.bin"
    path.write_bytes(CONTENT)
    return path


def variables(repository: Repository, key: str = "writer") -> dict[str, str]:
    site = repository.site
    token = {"HUB_TOKEN": site.keys[key]} if key else {}
    return {"HUB_API": site.rest_url, "HUB_REPOSITORY": repository.full_name, **token}


@pytest.fixture(params=["local", "s3"])
def stored(request: pytest.FixtureRequest) -> Site:
    """A hub on local files, and one on S3."""
    found: Site = request.getfixturevalue("site" if request.param == "local" else "s3_site")
    return found


@pytest.mark.parametrize("is_private", [False, True], ids=["public", "private"])
def test_pygithub_downloads(programs: Programs, stored: Site, is_private: bool) -> None:
    repository = stored.make_repository(is_private=is_private)
    repository.release("v1.0.0", {"tool.bin": CONTENT, "empty.txt": b""})
    keys = ("writer", "reader") if is_private else ("writer", "stranger", "")
    for key in keys:
        read = programs.run_python("read_with_pygithub.py", **variables(repository, key)).ok().json
        digests = {"tool.bin": DIGEST, "empty.txt": hashlib.sha256().hexdigest()}
        assert read == {"tag": "v1.0.0", "by_tag": True, "count": 1, "private": is_private, "digests": digests}, key


def test_pygithub_publishes(programs: Programs, repository: Repository, archive: Path) -> None:
    made = programs.run_python("publish_with_pygithub.py", "v1.0.0", archive, **variables(repository)).ok().json
    assert made == {
        "label": "The tool",
        "digest": f"sha256:{DIGEST}",
        "title": "Another title",
        "draft": False,
        "again": "already_exists",
        "login": "ann",
    }


def test_ghapi_publishes_and_deletes(programs: Programs, repository: Repository, archive: Path) -> None:
    made = programs.run_python("publish_with_ghapi.py", "v1.0.0", archive, **variables(repository)).ok().json
    assert made == {"tag": "v1.0.0", "assets": [archive.name], "tags": ["refs/tags/v1.0.0"], "left": []}


def test_githubkit_accepts_every_answer(programs: Programs, repository: Repository, archive: Path) -> None:
    made = programs.run_python("validate_with_githubkit.py", "v1.0.0", archive, **variables(repository)).ok().json
    assert len(made["parsed"]) == 18
    assert (made["draft"], made["digest"]) == (False, f"sha256:{DIGEST}")
    refused = [422, "Validation Failed"]
    assert made["errors"] == {"unknown": [404, "Not Found"], "taken": refused, "invalid": refused}
    assert repository.releases() == []


def test_octokit_uploads_a_name_outside_of_ascii(programs: Programs, repository: Repository, archive: Path) -> None:
    name = "Größe über alles 1.0 – 工具.bin"
    made = programs.run_node("octokit.mjs", "upload", "v1.0.0", archive, name, **variables(repository)).ok().json
    expected = {"status": 201, "name": name, "digest": f"sha256:{DIGEST}", "latest": "v1.0.0", "size": len(CONTENT)}
    assert made == expected


def test_octokit_pages_through_all_releases(programs: Programs, repository: Repository) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: repository.create(f"v1.{number}.0"), range(RELEASES)))
    counted = programs.run_node("octokit.mjs", "count", **variables(repository)).ok().json
    assert counted == {"releases": RELEASES, "tags": RELEASES}
