"""Make slugs for URLs out of titles."""

from collections.abc import Callable
from itertools import chain, count

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from downloads.exposure import (
    slug_is_taken,
    slug_taken,
)
from downloads.models import Download


def free_slug(title: str, is_taken: Callable[[str], bool], *, fallback: str) -> str:
    """Return the title as a slug. If it is taken, the lowest number that makes it free is appended."""
    base = slugify(title)[:90].strip("-") or fallback
    return next(slug for slug in chain([base], (f"{base}-{n}" for n in count(2))) if not is_taken(slug))


def choose_slug(title: str, slug: str) -> str:
    """Return the wanted slug, or a free one made from the title if none is wanted."""
    if slug and slug_is_taken(slug):
        raise slug_taken(slug)
    return slug or free_slug(title, slug_is_taken, fallback="download")


def save_with_slug(download: Download) -> None:
    """Save the download, or raise Conflict if a request that ran at the same time took the slug.

    The check before the save cannot see what another transaction has not committed yet, so the unique constraint has
    the last word. Without this, the slower of two requests would end in a server error.
    """
    try:
        # A savepoint: after an IntegrityError, PostgreSQL would refuse every other query in the outer transaction.
        with transaction.atomic():
            download.save()
    except IntegrityError as error:
        if Download.all_objects.filter(slug=download.slug).exclude(pk=download.pk).exists():
            raise slug_taken(download.slug) from error
        raise
