"""Velopack's GithubSource finds and downloads updates, with and without a token."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.clients.programs import SCRIPTS, Programs
from tests.clients.site import Repository
from tests.ended import Ended

SCRIPT = "velopack_github.py"
MANIFEST = re.findall(r'"""(<\?xml.*?)"""', (SCRIPTS / SCRIPT).read_text(), re.DOTALL)[0]


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


def installed_python(programs: Programs, folder: Path) -> tuple[Path, dict[str, str]]:
    """Install Python as the program of an AppImage in version 1.0.0, so that Velopack finds the application itself.

    Return the program and the variables that it needs.
    """
    wanted = "import json, sys, sysconfig; print(json.dumps([sys.base_prefix, sysconfig.get_path('purelib')]))"
    prefix, packages = programs.run(programs.python, "-c", wanted).ok().json
    binaries = folder / "usr" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(programs.python.resolve(), binaries / "tool")
    (binaries / "UpdateNix").touch(mode=0o755)
    (binaries / "sq.version").write_text(MANIFEST)
    image = folder / "Tool.AppImage"
    image.touch()
    variables = {"PYTHONHOME": prefix, "PYTHONPATH": packages, "LD_LIBRARY_PATH": f"{prefix}/lib"}
    return binaries / "tool", variables | {"APPIMAGE": str(image)}


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
