"""Record the slugs of downloads that outsiders can see.

An outsider is anyone who is neither the owner, nor on the team, nor a moderator. From the moment when outsiders can see
a download, its slug is reserved for it forever, and so are the numbers and file names of its open versions, so that a
published link never leads to other content. The layers of versions and files register listeners here, because this
layer may not import them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Manager, QuerySet
from django.db.models.functions import Lower

from downloads.models import Download, PublicSlug
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.listeners import Listeners

became_visible = Listeners[[Download]]()  # to outsiders
scheme_changed = Listeners[[Download]]()
# Called before the default channel of a download changes to another one. Raises Conflict if a permanent link to a
# version without a channel would then lead to another version.
check_default_channel = Listeners[[Download, str]]()


def fold_default_channel(fields: dict[str, Any]) -> None:
    """Write the default channel among the fields of a download as versions store their channel, in lower case.

    Channels are compared without case, so `Beta` as a default must not become a second channel beside `beta`.
    """
    if "default_channel" in fields:
        fields["default_channel"] = fields["default_channel"].strip().lower()


def is_exposed(download: Download) -> bool:
    """Return whether outsiders can see the download, as `DownloadQuerySet.exposed` selects it.

    The usual case, a download that is open by its visibility, needs no query.
    """
    if download.is_deleted or download.state != Download.State.VISIBLE:
        return False
    if download.visibility in {Download.Visibility.PUBLIC, Download.Visibility.MEMBERS}:
        return True
    return Download.objects.filter(pk=download.pk).exposed().exists()


@contextmanager
def exposure_change(download: Download) -> Iterator[None]:
    """Reserve the slug, numbers and file names that the block makes visible to outsiders.

    The caller holds the lock on the download, so that no other writer changes its exposure meanwhile.

    Raises:
        Conflict: The slug is reserved for another download.
    """
    was_exposed, slug = is_exposed(download), download.slug
    yield
    if not is_exposed(download):
        return
    if not was_exposed or download.slug != slug:
        remember_slug(download)
    if not was_exposed:
        became_visible(download)


def remember_slug(download: Download) -> None:
    """Reserve the slug for this download forever.

    Raises:
        Conflict: Outsiders could see another download under this slug.
    """
    # The lock on the download does not cover other downloads, so the unique slug decides between two of them.
    PublicSlug.objects.bulk_create([PublicSlug(slug=download.slug, download=download)], ignore_conflicts=True)
    if not PublicSlug.objects.filter(slug=download.slug, download=download).exists():
        raise slug_taken(download.slug)


def slug_is_taken(slug: str, *, but: int | None = None) -> bool:
    """Return whether a download other than `but` has the slug, or had it while outsiders could see it.

    The case does not matter, because links that name owner and download find both in any case: after a renaming, such
    a link would lead to the download of a namesake.
    """
    if _in_any_case(Download.all_objects, slug).exclude(pk=but).exists():
        return True
    past = _in_any_case(PublicSlug.objects, slug)
    return (past if but is None else past.exclude(download=but)).exists()


def _in_any_case(rows: Manager[Any], slug: str) -> QuerySet[Any]:
    return rows.annotate(lower_slug=Lower("slug")).filter(lower_slug=slug.lower())


def slug_taken(slug: str) -> Conflict:
    """Return the error for a slug that another download has or had."""
    return Conflict(
        ErrorCode.DOWNLOAD_SLUG_TAKEN,
        f"Another download has or had the slug {slug}, and its links keep working. Choose another slug.",
        field="slug",
    )
