"""electron-updater with its provider `github` finds and downloads updates through the addresses of Git hosts."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.clients.programs import Programs
from tests.clients.site import OWNER, Repository
from tests.clients.updates import is_file


def package(version: str) -> bytes:
    return f"package {version} ".encode() * 1000


def electron_files(version: str, channel: str = "latest") -> dict[str, bytes]:
    """Return the files that electron-builder uploads for Linux."""
    name, content = f"tool_{version}_amd64.deb", package(version)
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    lines = [
        f"version: {version}",
        f"files: [{{url: {name}, sha512: {digest}, size: {len(content)}}}]",
        f"path: {name}",
        f"sha512: {digest}",
        "releaseDate: '2026-01-31T12:00:00.000Z'",
    ]
    return {name: content, f"{channel}-linux.yml": "\n".join(lines).encode()}


def update(
    programs: Programs, repository: Repository, version: str = "1.0.0", *, prereleases: bool = False, **options: Any
) -> Any:
    """Return what the updater of an app in this version finds and downloads. `options` are for its configuration."""
    names = {"host": repository.site.tls_host, "owner": OWNER, "repo": repository.name}
    wanted = {
        "provider": {"provider": "github", **names, **options},
        "allowPrerelease": prereleases,
        "system": "Deb",
        "version": version,
        "folder": str(programs.home / "app"),
        "download": True,
    }
    return programs.run_node("electron_update.js", json.dumps(wanted)).ok().json


def test_public_update_is_found_through_the_feed_and_downloaded(programs: Programs, repository: Repository) -> None:
    repository.release("v1.0.0", electron_files("1.0.0"))
    repository.release("v1.1.0", electron_files("1.1.0"), body="**Faster**")
    found = update(programs, repository)
    assert (found["errors"], found["info"]["version"]) == ([], "1.1.0")
    assert "<strong>Faster</strong>" in found["info"]["releaseNotes"]
    assert is_file(found, package("1.1.0"))
    assert update(programs, repository, "1.1.0")["available"] is False


def test_prerelease_is_offered_only_to_those_who_want_it(programs: Programs, repository: Repository) -> None:
    repository.release("v1.0.0", electron_files("1.0.0"))
    repository.release("v1.1.0-beta.1", electron_files("1.1.0-beta.1", "beta"), prerelease=True)
    assert update(programs, repository)["available"] is False
    assert is_file(update(programs, repository, prereleases=True), package("1.1.0-beta.1"))


def test_tag_with_a_slash_is_followed(programs: Programs, repository: Repository) -> None:
    repository.release("app/v1.1.0", electron_files("1.1.0"))
    assert is_file(update(programs, repository), package("1.1.0"))
    assert is_file(update(programs, repository, prereleases=True), package("1.1.0"))


def test_private_update_needs_the_token(programs: Programs, private_repository: Repository) -> None:
    private_repository.release("v1.1.0", electron_files("1.1.0"))
    refused = update(programs, private_repository)
    assert refused["errors"]
    assert not refused["available"]
    reader = private_repository.site.keys["reader"]
    assert is_file(update(programs, private_repository, private=True, token=reader), package("1.1.0"))


def test_draft_is_never_an_update(programs: Programs, repository: Repository) -> None:
    repository.release("v1.0.0", electron_files("1.0.0"))
    draft = repository.create("v2.0.0", draft=True)
    for name, content in electron_files("2.0.0").items():
        repository.attach(draft, name, content)
    writer = repository.site.keys["writer"]
    for options in ({}, {"prereleases": True}, {"private": True, "token": writer}):
        found = update(programs, repository, **options)
        assert (found["errors"], found["available"]) == ([], False)
