"""Bulk loading for the serializers of the GitHub dialect."""

from collections.abc import Sequence
from typing import Any

from downloads.access import load_access
from downloads.models import Download
from files.models import File
from files.policies import file_policy
from releasehub.accounts.models import User
from releasehub.api.common.loading import files_of
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.core.numbers import MAX_ID
from releasehub.distribution.git_releases import find_release, is_visible
from versions.models import Version


def release_context(actor: Actor, releases: Sequence[Version]) -> dict[str, Any]:
    """Return the context of `GitHubReleaseSerializer`, and set the authors of the releases.

    This takes two queries, for the actor's access rights and the files, and a third one if the owner of the repository,
    who is loaded with it, is not the only author.
    """
    load_access(actor, {release.download_id for release in releases})
    _set_authors(releases)
    return {"files": files_of(actor, releases)}


def _set_authors(releases: Sequence[Version]) -> None:
    known: dict[int | None, User] = {release.download.owner_id: release.download.owner for release in releases}
    unknown = {release.author_id for release in releases} - known.keys() - {None}
    known |= User.objects.in_bulk(unknown) if unknown else {}
    for release in releases:
        release.author = known.get(release.author_id)


def release_of_id(actor: Actor, download: Download, pk: int) -> Version:
    if pk > MAX_ID:
        raise NotFound
    return find_release(actor, download, pk)


def asset_of_id(actor: Actor, download: Download, pk: int) -> File:
    rows = File.objects.select_related("blob", "version", "quarantine").filter(version__download=download)
    file: File | None = rows.filter(version__deleted_at=None, pk=pk).first() if pk <= MAX_ID else None
    if file is None:
        raise NotFound
    file.version.download = download
    if not (is_visible(actor, file.version) and file_policy.can_view(actor, file)):
        raise NotFound
    return file
