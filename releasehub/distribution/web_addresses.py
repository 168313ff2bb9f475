"""Paths under which Git hosts show releases: `/{owner}/{repo}/releases/…`. The caller adds the base URL of the hub.

A slash in a tag is written as `%2F`, because clients read the last part of such a path as the tag.

The URLs of other pages begin with the names of some owners, such as `admin`. Releases of these owners have no such
paths; the functions return the page of the version and the permanent link of the file instead.
"""

from urllib.parse import quote

from downloads.models import Download
from releasehub.accounts.reserved_names import is_url_name
from releasehub.distribution.repositories import owner_name, repository_path

UNQUOTED = "+@"


def has_web_addresses(download: Download) -> bool:
    """Return whether the releases have paths of their own. Organization and owner of the download should be loaded."""
    return not is_url_name(owner_name(download))


def web_path(download: Download) -> str:
    """Return the path that leads to the page of the download."""
    return repository_path(download) if has_web_addresses(download) else download.path


def release_path(download: Download, tag: str) -> str:
    if not has_web_addresses(download):
        return f"{download.path}{quote(tag, safe=UNQUOTED)}/"
    return f"{repository_path(download)}/releases/tag/{quote(tag, safe=UNQUOTED)}"


def asset_path(download: Download, tag: str, filename: str) -> str:
    names = f"{quote(tag, safe=UNQUOTED)}/{quote(filename, safe=UNQUOTED)}"
    if not has_web_addresses(download):
        return f"/d/{download.slug}/{names}"
    return f"{repository_path(download)}/releases/download/{names}"


def latest_asset_path(download: Download, filename: str) -> str:
    """Return the path that leads to the file with this name in the latest release."""
    name = quote(filename, safe=UNQUOTED)
    if not has_web_addresses(download):
        return f"/d/{download.slug}/latest/{name}"
    return f"{repository_path(download)}/releases/latest/download/{name}"
