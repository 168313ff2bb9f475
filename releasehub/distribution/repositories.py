"""Downloads and their files under the names that clients of Git hosts use: `{owner}/{repo}`, tag and file name.

The repository is the slug of a download. Its owner is the slug of its organization or, without an organization, the
username of its owner. Neither name is case-sensitive. Files of drafts are never found.
"""

from typing import Any
from urllib.parse import quote

from django.db.models.functions import Lower

from downloads.access import NO_USER_ID, remember_access, with_ties
from downloads.models import Download, PublicSlug
from downloads.policies import download_policy
from files.models import File
from files.names import fold_name
from files.policies import file_policy
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.errors import Gone, Moved
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.distribution.file_permalinks import find_file
from releasehub.distribution.git_releases import find_published
from releasehub.distribution.presented_keys import not_found_for


def owner_name(download: Download) -> str:
    """Return the owner part of the name. The organization and the owner of the download should be loaded."""
    return download.organization.slug if download.organization else download.owner.get_username()


def repository_name(download: Download) -> str:
    """Return the canonical name of a download, such as `acme/importer`."""
    return f"{owner_name(download)}/{download.slug}"


def repository_path(download: Download) -> str:
    """Return the canonical name as the beginning of a path, such as `/acme/importer`."""
    return f"/{quote(owner_name(download), safe='')}/{download.slug}"


def find_repository(actor: Actor, owner: str, repo: str) -> Download:
    """Return the download with this name, together with its category, owner and organization.

    A slug that the download had in public before it was renamed finds it, too. `repository_name` then differs from the
    name in the request, and the caller decides whether to redirect.

    Raises:
        Gone: The download is deleted, and was open to the actor.
        NotFound: There is no such download, it has another owner, or the actor may not see it.
        KeyRefused: The same, and the actor presented a key that is not valid.
    """
    download = _find_present(actor, owner, repo) or _find_renamed(owner, repo)
    if download is None:
        raise not_found_for(actor)
    if download.is_deleted:
        raise Gone(download.delete_reason) if download_policy.is_open_to(actor, download) else not_found_for(actor)
    if not download_policy.can_view(actor, download):
        raise not_found_for(actor)
    return download


def _find_present(actor: Actor, owner: str, repo: str) -> Download | None:
    """Return the download that has this name now, and load the actor's access to it in the same query."""
    if not _is_slug(repo):
        return None
    rows = _with_slug.rows(slug=repo.lower(), user_id=actor.user_id or NO_USER_ID)
    matches = [download for download in rows if _is_owner(download, owner)]
    # Slugs may differ only in case, so the exact spelling is preferred.
    return remember_access(actor, min(matches, key=lambda download: download.slug != repo, default=None))


def _find_renamed(owner: str, repo: str) -> Download | None:
    """Return the download that was public under this slug before."""
    if not _is_slug(repo):
        return None
    rows = PublicSlug.objects.select_related("download__category", "download__owner", "download__organization")
    for past in rows.annotate(lower_slug=Lower("slug")).filter(lower_slug=repo.lower()).order_by("pk"):
        if past.download is not None and _is_owner(past.download, owner):
            return past.download
    return None


def _rows_with_slug(slug: str, user_id: int) -> Any:
    rows = Download.all_objects.select_related("category", "owner", "organization")
    rows = rows.annotate(lower_slug=Lower("slug")).filter(lower_slug=slug).order_by("pk")
    return with_ties(rows, user_id)


_with_slug: SqlTemplate[Download] = SqlTemplate(_rows_with_slug, slug="a slug", user_id=SAMPLE_ID)


def _is_owner(download: Download, owner: str) -> bool:
    return owner_name(download).casefold() == owner.casefold()


def _is_slug(text: str) -> bool:
    """Return whether the text can be a slug; anything else, such as a NUL character, is not sent to the database."""
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


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
