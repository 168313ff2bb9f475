"""The addresses of a download that tools made for Git hosts know, for the page of its team."""

from dataclasses import dataclass

from downloads.models import Download
from releasehub.distribution.web_addresses import has_web_addresses, latest_asset_path, web_path

PLACEHOLDER = "FILE_NAME"


@dataclass(frozen=True)
class RepositoryLinks:
    """Absolute URLs of the repository, and of a file in its latest release."""

    repository: str
    latest_file: str


def repository_links(base_url: str, download: Download) -> RepositoryLinks | None:
    """Return the links, or None for an owner with whose name other URLs of the hub begin."""
    if download.is_deleted or not has_web_addresses(download):
        return None
    return RepositoryLinks(base_url + web_path(download), base_url + latest_asset_path(download, PLACEHOLDER))
