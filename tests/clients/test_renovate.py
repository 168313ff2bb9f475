"""Renovate proposes the newest stable release.

It is a package with hundreds of others and needs more than a minute to install, so only `--renovate` runs it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.clients.installing import RENOVATE_VARIABLE
from tests.clients.programs import Programs
from tests.clients.site import Repository

pytestmark = pytest.mark.skipif(
    RENOVATE_VARIABLE not in os.environ, reason='Renovate only runs with make test-clients ARGS="--renovate".'
)


def settings_for(repository: Repository) -> dict[str, object]:
    manager = {
        "customType": "regex",
        "managerFilePatterns": ["/^tools\\.txt$/"],
        "matchStrings": ["(?<depName>\\S+)@(?<currentValue>\\S+)"],
        "datasourceTemplate": "github-releases",
        "registryUrlTemplate": repository.site.url,
        "versioningTemplate": "semver",
    }
    return {"enabledManagers": ["custom.regex"], "customManagers": [manager]}


def test_proposes_the_newest_stable_release(programs: Programs, tmp_path: Path) -> None:
    site = programs.site
    repository = site.make_repository(is_private=True)
    for tag in ("v1.0.0", "v1.1.0", "v2.0.0-rc.1"):
        repository.create(tag, prerelease="rc" in tag)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "tools.txt").write_text(f"{repository.full_name}@v1.0.0\n")
    (checkout / "renovate.json").write_text(json.dumps(settings_for(repository)))
    rules = [{"matchHost": site.url, "hostType": "github", "token": site.keys["reader"]}]
    ran = programs.run(
        programs.node,
        programs.installed / "renovate/node_modules/renovate/dist/renovate.js",
        "--platform=local",
        "--dry-run=lookup",
        folder=checkout,
        LOG_FORMAT="json",
        LOG_LEVEL="debug",
        RENOVATE_HOST_RULES=json.dumps(rules),
        RENOVATE_BASE_DIR=str(programs.home / "renovate"),
        GITHUB_COM_TOKEN="not-used",
    ).ok()
    updates = [update for line in ran.out.splitlines() for update in updates_in(json.loads(line))]
    assert {(update["newValue"], update["updateType"]) for update in updates} == {("v1.1.0", "minor")}


def updates_in(row: dict[str, object]) -> list[dict[str, str]]:
    """Return the updates in the line of the log that lists the dependencies of all files."""
    config = row.get("config")
    if row.get("msg") != "packageFiles with updates" or not isinstance(config, dict):
        return []
    return [update for file in config["regex"] for dependency in file["deps"] for update in dependency["updates"]]
