"""Paths under which Git hosts show releases: `/{owner}/{repo}/releases/…`. The caller adds the base URL of the hub.

A slash in a tag is written as `%2F`, because clients read the last part of such a path as the tag.
"""

from __future__ import annotations

from urllib.parse import quote

from downloads.models import Download
from releasehub.distribution.repositories import repository_path

UNQUOTED = "+@"


def releases_path(download: Download) -> str:
    """Return the path of the releases of a download. Its organization and owner should be loaded."""
    return f"{repository_path(download)}/releases"


def release_path(download: Download, tag: str) -> str:
    """Return the path of one release."""
    return f"{releases_path(download)}/tag/{quote(tag, safe=UNQUOTED)}"


def asset_path(download: Download, tag: str, filename: str) -> str:
    """Return the path of the bytes of one file."""
    return f"{releases_path(download)}/download/{quote(tag, safe=UNQUOTED)}/{quote(filename, safe=UNQUOTED)}"


def latest_asset_path(download: Download, filename: str) -> str:
    """Return the path that leads to the file with this name in the latest release."""
    return f"{releases_path(download)}/latest/download/{quote(filename, safe=UNQUOTED)}"
