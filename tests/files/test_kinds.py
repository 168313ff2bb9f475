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
    "tool_1.2.3_checksums.txt": "other",
    "checksums.txt": "other",
    "checksums-linux.txt": "other",
    "tool-linux-amd64.tar.gz.sha256.txt": "other",
    "SHASUMS256.txt": "other",
    "SHA512-SUMS.txt": "other",
    "CHECKSUM": "other",
    "tool-linux.sha": "other",
    "tool.zip-sha256": "other",
    "checksums.txt.sig": "signature",
    "checksums.txt.cosign.bundle": "signature",
    "tool.tar.gz.bundle": "signature",
    "multiple.intoto.jsonl": "signature",
    "cosign.pub": "other",
    "checksums.txt.pem": "other",
    "README.md": "other",
    "LICENSE": "other",
    "CHANGELOG.txt": "other",
    "appcast.xml": "other",
    "releases.win.json": "other",
    "RELEASES.json": "other",
    "updates.json": "other",
    "repository-1.2.bundle": "package",
    "checksum-tool-1.0.tar.gz": "package",
    "sha256-1.0-linux.zip": "package",
    "license-scanner.tar.gz": "package",
    "tool-linux-amd64.tar.gz.cert": "other",
    "tool-linux-x64.iso.torrent": "other",
    "tool-linux-x64.iso.metalink": "other",
    "tool_1.0_amd64.changes": "other",
    "tool_1.0_amd64.buildinfo": "other",
    "tool_1.0.dsc": "other",
    "bom.json": "sbom",
    "sbom.json": "sbom",
    "notes.txt": "package",
    "docker-compose.yml": "package",
    "latest-news.yml": "package",
}


@pytest.mark.parametrize("name", KINDS)
def test_kind_is_the_same_on_the_hub_and_in_the_client(name: str) -> None:
    assert (kind_of(name), kind_in_client(name)) == (KINDS[name], KINDS[name])
