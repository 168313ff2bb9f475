"""Files under the names that Git hosts give them: owner, repository, tag and file name.

Files of drafts are never found.
"""

from downloads.models import Download
from files.models import File
from files.names import fold_name
from files.policies import file_policy
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.errors import Moved
from releasehub.distribution.file_permalinks import find_file
from releasehub.distribution.git_releases import find_published
from releasehub.distribution.repositories import find_repository


def find_current_repository(actor: Actor, owner: str, repo: str) -> Download:
    """Return the download with this name.

    Raises:
        Moved: It was renamed, and the actor may see it under its new slug.
        Gone, NotFound, KeyRefused: As `find_repository`.
    """
    download = find_repository(actor, owner, repo)
    if download.slug.lower() != repo.lower():
        raise Moved(download.slug)
    return download


def find_asset(actor: Actor, owner: str, repo: str, tag: str, filename: str) -> File:
    """Return a file of a published version.

    Raises:
        Moved, Gone, NotFound, KeyRefused: As `find_current_repository`, `find_published` and `find_file`.
    """

    def find() -> File:
        return find_file(actor, find_published(actor, find_current_repository(actor, owner, repo), tag), filename)

    file = cached_row(actor, ("asset", owner.lower(), repo.lower(), tag, fold_name(filename)), find)
    return file if file_policy.can_view(actor, file) else find()
