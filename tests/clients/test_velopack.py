"""Velopack's GithubSource finds and downloads updates, with and without a token."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cache
from typing import Any

from tests.clients.programs import Programs
from tests.clients.site import Repository
from tests.ended import Ended

SCRIPT = "velopack_github.py"


@cache
def package(version: str) -> bytes:
    """Return a package, which is a zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("lib/app/tool", f"tool {version}" * 1000)
    return content.getvalue()


def velopack_files(version: str) -> dict[str, bytes]:
    """Return the files that `vpk upload github` adds to a release."""
    name, content = f"Tool-{version}-linux-full.nupkg", package(version)
    asset = {
        "PackageId": "Tool",
        "Version": version,
        "Type": "Full",
        "FileName": name,
        "SHA1": hashlib.sha1(content).hexdigest().upper(),  # noqa: S324 - Velopack's format
        "SHA256": hashlib.sha256(content).hexdigest().upper(),
        "Size": len(content),
    }
    return {name: content, "releases.linux.json": json.dumps({"Assets": [asset]}).encode()}


def update(programs: Programs, repository: Repository, *words: str) -> Ended:
    url = f"{repository.site.url}/{repository.full_name}"
    return programs.run_python(SCRIPT, url, programs.home / "app", *words)


def downloaded(ended: Ended) -> Any:
    return ended.ok().json


def test_public_update_is_found_without_a_token(programs: Programs, repository: Repository) -> None:
    repository.release("v1.0.0", velopack_files("1.0.0"))
    assert downloaded(update(programs, repository)) == {"version": None}
    repository.release("v1.1.0", velopack_files("1.1.0"))
    expected = {"version": "1.1.0", "sha256": hashlib.sha256(package("1.1.0")).hexdigest()}
    assert downloaded(update(programs, repository)) == expected


def test_private_update_needs_the_token(programs: Programs, private_repository: Repository) -> None:
    private_repository.release("v1.1.0", velopack_files("1.1.0"))
    assert update(programs, private_repository).code != 0
    reader = private_repository.site.keys["reader"]
    expected = {"version": "1.1.0", "sha256": hashlib.sha256(package("1.1.0")).hexdigest()}
    assert downloaded(update(programs, private_repository, "--token", reader)) == expected


def test_prerelease_is_found_only_on_request(programs: Programs, repository: Repository) -> None:
    repository.release("v1.0.0", velopack_files("1.0.0"))
    repository.release("v1.1.0-beta.1", velopack_files("1.1.0-beta.1"), prerelease=True)
    assert downloaded(update(programs, repository)) == {"version": None}
    assert downloaded(update(programs, repository, "--prerelease"))["version"] == "1.1.0-beta.1"
