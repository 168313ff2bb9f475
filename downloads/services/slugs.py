from collections.abc import Callable
from itertools import chain, count

from django.utils.text import slugify


def free_slug(title: str, is_taken: Callable[[str], bool], *, fallback: str) -> str:
    """The title as a slug, with the first number behind it that makes it free."""
    base = slugify(title)[:90].strip("-") or fallback
    return next(slug for slug in chain([base], (f"{base}-{n}" for n in count(2))) if not is_taken(slug))
