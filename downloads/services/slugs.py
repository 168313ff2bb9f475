"""Make slugs for URLs out of titles."""

from collections.abc import Callable
from itertools import chain, count

from django.utils.text import slugify


def free_slug(title: str, is_taken: Callable[[str], bool], *, fallback: str) -> str:
    """Return the title as a slug. If it is taken, the lowest number that makes it free is appended."""
    base = slugify(title)[:90].strip("-") or fallback
    return next(slug for slug in chain([base], (f"{base}-{n}" for n in count(2))) if not is_taken(slug))
