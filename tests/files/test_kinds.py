"""The kind of a file that its name tells, which the hub and the command-line client read alike."""

from __future__ import annotations

import pytest

from files.kinds import kind_of
from releasehub_cli.names import kind_of as kind_in_client

pytestmark = pytest.mark.embedded

KINDS = {
    "tool.tar.gz": "package",
    "tool.tar.gz.asc": "signature",
    "tool.spdx.json": "sbom",
    "SHA256SUMS": "other",
    "App Setup 2.0.0.exe.blockmap": "other",
    "App-2.0.0.AppImage.zsync": "other",
    "latest.yml": "other",
    "beta-linux-arm64.yml": "other",
    "Latest-Mac.yml": "other",
    "builder-debug.yml": "other",
    "docker-compose.yml": "package",
    "latest-news.yml": "package",
}


@pytest.mark.parametrize("name", KINDS)
def test_kind_is_the_same_on_the_hub_and_in_the_client(name: str) -> None:
    assert (kind_of(name), kind_in_client(name)) == (KINDS[name], KINDS[name])
