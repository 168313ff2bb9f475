"""Cache of what decides about rights: API keys with their users, and the access of users to downloads.

A program that reads many pages of a list sends the same key each time, and reading the key and the access again took a
third of the CPU time of such a request. Only requests that read use this cache; every write reads its rights anew.

A right that ends in this process ends at once: each recorded change begins a new generation, and entries of earlier
generations are never read again. A right that ends in another process ends here as soon as its message arrives
(`releasehub.core.cluster.change_channel`), or after RELEASEHUB_RIGHTS_CACHE_SECONDS. Requests share an entry, so they
must not change it. What Django remembers on a user, such as the permissions, ends together with the entry.
"""

import itertools
from collections.abc import Callable
from typing import TypeVar, cast

from django.conf import settings
from django.db import connection, models, transaction

from releasehub.core.cluster.change_channel import channel
from releasehub.core.object_cache import ObjectCache

Row = TypeVar("Row", bound=models.Model)
TOPIC = "rights"
_generations = itertools.count(1)
# Always in the memory of the process: it holds users and keys, and other processes invalidate their own entries.
entries: ObjectCache[models.Model] = ObjectCache(max_entries=10_000)


class _Current:
    generation = 0


def cached_right(name: str, load: Callable[[], Row | None]) -> Row | None:
    """Return the row that `load` returns, from the cache if this process has loaded it within the last second.

    The generation is read before the row: what was loaded before a change is stored under the generation before it.
    Inside a transaction the row may hold uncommitted changes, so it is neither stored nor taken from the cache.
    """
    seconds = settings.RIGHTS_CACHE_SECONDS
    if not seconds or connection.in_atomic_block:
        return load()
    channel.listen()
    cache_key = f"{_Current.generation}:{name}"
    if (cached := entries.get(cache_key)) is not None:
        return cast(Row, cached)
    if (row := load()) is not None:
        entries.set(cache_key, row, seconds)
    return row


def invalidate_rights() -> None:
    """Begin a new generation after the current transaction commits."""
    transaction.on_commit(_begin_everywhere)


def _begin_everywhere() -> None:
    _begin_generation()
    if settings.RIGHTS_CACHE_SECONDS:
        channel.announce(TOPIC)


def _begin_generation() -> None:
    _Current.generation = next(_generations)
    entries.clear()  # those of earlier generations are never read again


channel.register(TOPIC, _begin_generation)
