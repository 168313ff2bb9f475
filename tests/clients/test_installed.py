"""The programs are there, in the locked versions, and the hub answers them over TLS."""

from __future__ import annotations

import json
import re

import pytest

from tests.clients.installing import HERE
from tests.clients.programs import Gh, Programs
from tests.clients.site import Repository

LOCK = json.loads((HERE / "package-lock.json").read_text())["packages"]


def test_gh_starts(gh: Gh) -> None:
    assert gh("--version").ok().out.startswith("gh version 2.")


@pytest.mark.parametrize("package", list(LOCK[""]["dependencies"]))
def test_node_package_has_the_locked_version(programs: Programs, package: str) -> None:
    installed = json.loads((programs.node_modules / package / "package.json").read_text())
    assert installed["version"] == LOCK[f"node_modules/{package}"]["version"]


def test_python_packages_have_the_locked_versions(programs: Programs) -> None:
    locked = dict(re.findall(r"^([\w-]+)==([^ ]+)", (HERE / "requirements.txt").read_text(), re.MULTILINE))
    listed = programs.run(programs.python, "-m", "pip", "list", "--format", "json").ok().json
    installed = {row["name"].lower().replace("_", "-"): row["version"] for row in listed}
    assert {name: installed[name] for name in ("pygithub", "ghapi", "githubkit", "velopack")}.items() <= locked.items()


def test_locks_name_no_address() -> None:
    assert not [name for name, package in LOCK.items() if not {"resolved", "funding"}.isdisjoint(package)]
    assert "://" not in (HERE / "requirements.txt").read_text()


def test_node_reaches_the_hub_over_tls(programs: Programs, repository: Repository) -> None:
    url = f"{repository.site.tls_url}/api/mc-dm-downloads/?slug={repository.name}"
    script = f"fetch({url!r}).then(async answer => console.log((await answer.json()).pagination.total))"
    assert programs.run(programs.node, "-e", script).ok().out.strip() == "1"
