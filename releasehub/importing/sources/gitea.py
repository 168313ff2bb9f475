"""Gitea and Forgejo. Their API has the shape of GitHub's, with other paging, and it serves no bytes.

Source: Gitea API, "List a repo's releases".
"""

import re
from collections.abc import Mapping
from typing import Any

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceKind, SourceSettings
from releasehub.importing.sources.github import RELEASES_PER_PAGE, GitHubSource, repository_of
from releasehub.importing.sources.http import SourceHttp, path_below
from releasehub.importing.sources.values import base_url_of, text

_ATTACHMENT_PATH = re.compile(r"/attachments/[0-9A-Za-z-]{1,100}")


class GiteaSource(GitHubSource):
    """The releases of a repository on Gitea or Forgejo."""

    page_query = f"limit={RELEASES_PER_PAGE}"
    media_type = "application/json"

    def asset_url(self, row: Mapping[str, Any]) -> str:
        return text(row, "browser_download_url")

    def is_own_url(self, url: str) -> bool:
        """Return whether an asset was uploaded to the repository. Authors of releases can also link any URL."""
        path = path_below(self.http.base_url.removesuffix("/api/v1"), url)
        own_folder = f"/{self.repository}/releases/download/".lower()
        return path.lower().startswith(own_folder) or bool(_ATTACHMENT_PATH.fullmatch(path))


def build_gitea(settings: SourceSettings) -> GiteaSource:
    if not settings.api_url:
        message = "Gitea and Forgejo need the URL of their API, such as https://git.example.com/api/v1."
        raise Invalid(message, field="api_url")
    secret = {"Authorization": f"token {settings.token}"} if settings.token else {}
    return GiteaSource(repository_of(settings), SourceHttp(base_url_of(settings.api_url), secret_headers=secret))


GITEA = SourceKind(
    name="gitea",
    label="Gitea, Forgejo",
    build=build_gitea,
    address_example="owner/repository",
)
