"""Make slugs for URLs out of titles."""

from collections.abc import Callable
from itertools import chain, count, filterfalse

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from downloads.exposure import slug_is_taken, slug_taken
from downloads.models import Download
from releasehub.core.locks import lock_name

SLUG_LOCK = 0x51_06


def slug_of(title: str, *, fallback: str) -> str:
    return slugify(title)[:90].strip("-") or fallback


def free_slug(slug: str, is_taken: Callable[[str], bool]) -> str:
    """Return the slug. If it is taken, the lowest number that makes it free is appended."""
    return next(filterfalse(is_taken, chain([slug], (f"{slug}-{n}" for n in count(2)))))


def choose_slug(title: str, slug: str) -> str:
    """Return the wanted slug, or a free one made from the title if none is wanted. It stays free until the commit."""
    if not slug:
        slug = slug_of(title, fallback="download")
        _lock_namesakes(slug)
        return free_slug(slug, slug_is_taken)
    reserve_slug(slug)
    return slug


def reserve_slug(slug: str, *, but: int | None = None) -> None:
    """Keep the slug, in any case of its letters, for the current transaction. `but` is the download that is to have it.

    The unique constraint of the slug compares with case, so it would let `tool` and `Tool` through.
    """
    _lock_namesakes(slug)
    if slug_is_taken(slug, but=but):
        raise slug_taken(slug)


def _lock_namesakes(slug: str) -> None:
    """Wait for a transaction that is about to take this slug, or the same one with another number at its end."""
    lock_name(SLUG_LOCK, slug.lower().rstrip("-0123456789"))


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
