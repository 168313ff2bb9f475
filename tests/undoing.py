"""Undo what a part of a test wrote, so that several parts can begin with the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """Empty the cache, and roll back what the block writes to the database."""
    cache.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
