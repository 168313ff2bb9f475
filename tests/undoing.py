"""Undo what a part of a test wrote, so that several parts can begin with the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import caches
from django.db import transaction


def clear_caches() -> None:
    for name in ("default", "limits", "process"):
        caches[name].clear()


@contextmanager
def undone() -> Iterator[None]:
    """Empty the caches, and roll back what the block writes to the database."""
    clear_caches()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
