"""The addresses of a download that tools made for Git hosts know, for the page of its team."""

from __future__ import annotations

from dataclasses import dataclass

from downloads.models import Download
from releasehub.accounts.reserved_names import is_url_name
from releasehub.distribution.repositories import owner_name, repository_path
from releasehub.distribution.web_addresses import latest_asset_path

PLACEHOLDER = "FILE_NAME"


@dataclass(frozen=True)
class RepositoryLinks:
    """Absolute URLs of the repository, and of a file in its latest release."""

    repository: str
    latest_file: str


def repository_links(base_url: str, download: Download) -> RepositoryLinks | None:
    """Return the links, or None for an owner with whose name other URLs of the hub begin."""
    if download.is_deleted or is_url_name(owner_name(download)):
        return None
    return RepositoryLinks(base_url + repository_path(download), base_url + latest_asset_path(download, PLACEHOLDER))
