"""When a download can be seen by outsiders: everybody who is neither its owner, on its team, nor a moderator.

From that moment its slug belongs to it forever, and so do the numbers and file names of its open versions. The layers
above register here, because this layer does not know them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from downloads.models import Download, PublicSlug
from releasehub.core.errors import Conflict, ErrorCode

Listener = Callable[[Download], None]
_listeners: list[Listener] = []
_scheme_listeners: list[Listener] = []


def register_exposure(listener: Listener) -> None:
    """Call `listener` in the transaction that makes a download visible to outsiders."""
    _listeners.append(listener)


def register_scheme_change(listener: Listener) -> None:
    """Call `listener` in the transaction that gives a download another version scheme."""
    _scheme_listeners.append(listener)


def announce_scheme_change(download: Download) -> None:
    for listener in _scheme_listeners:
        listener(download)


def is_exposed(download: Download) -> bool:
    """Return whether outsiders can see the download; the same as `DownloadQuerySet.exposed`. No query for open ones."""
    if download.is_deleted or download.state != Download.State.VISIBLE:
        return False
    if download.visibility in {Download.Visibility.PUBLIC, Download.Visibility.MEMBERS}:
        return True
    return Download.objects.filter(pk=download.pk).exposed().exists()


@contextmanager
def exposure_change(download: Download) -> Iterator[None]:
    """Remember what becomes visible to outsiders by the changes in the block. The caller holds the download's lock.

    Raises:
        Conflict: The slug belongs to another download.
    """
    was_exposed, slug = is_exposed(download), download.slug
    yield
    if not is_exposed(download):
        return
    if not was_exposed or download.slug != slug:
        remember_slug(download)
    if not was_exposed:
        for listener in _listeners:
            listener(download)


def remember_slug(download: Download) -> None:
    """Give the slug to this download forever.

    Raises:
        Conflict: Another download was visible under it.
    """
    row, _ = PublicSlug.objects.get_or_create(slug=download.slug, defaults={"download": download})
    if row.download_id != download.pk:
        raise slug_taken(download.slug)


def slug_is_taken(slug: str, *, but: int | None = None) -> bool:
    """Return whether a download other than `but` has the slug, or had it while outsiders could see it."""
    if Download.all_objects.filter(slug=slug).exclude(pk=but).exists():
        return True
    past = PublicSlug.objects.filter(slug=slug)
    return (past if but is None else past.exclude(download=but)).exists()


def slug_taken(slug: str) -> Conflict:
    return Conflict(
        ErrorCode.DOWNLOAD_SLUG_TAKEN,
        f"Another download has or had the slug {slug}, and its links keep working. Choose another slug.",
        field="slug",
    )
