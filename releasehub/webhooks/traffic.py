"""Subscriptions to traffic events, and the signals that wait to become such events."""

import logging
import time
from typing import Any, cast

from django.core.cache import caches
from django.db import DatabaseError

from releasehub.core.counting import PROCESS_CACHE, count
from releasehub.core.inserts import insert, savepoint_in_transaction
from releasehub.webhooks.filters import NAMES, TRAFFIC, is_traffic, matches_filter
from releasehub.webhooks.models import Endpoint, TrafficSignal

log = logging.getLogger(__name__)

TYPES = frozenset(name for name in NAMES if is_traffic(name)) - {f"{TRAFFIC}.*"}
SUBSCRIPTION_SECONDS = 10
WINDOW_SECONDS = 60
MAX_SIGNALS_PER_WINDOW = 120  # of one download in one process
_CACHE_KEY = "traffic-subscriptions"

Scope = tuple[str, int | None]


def wanted_types(download_id: int, organization_id: int | None) -> frozenset[str]:
    """Return the traffic events that any active endpoint wants of this download.

    This costs no query while the subscriptions are cached, which each process does for SUBSCRIPTION_SECONDS.
    """
    by_scope = _subscriptions()
    if not by_scope:
        return frozenset()
    scopes: list[Scope] = [("site", None), ("download", download_id), ("organization", organization_id)]
    return frozenset().union(*(by_scope.get(scope, ()) for scope in scopes))


def _subscriptions() -> dict[Scope, frozenset[str]]:
    found = caches[PROCESS_CACHE].get_or_set(_CACHE_KEY, _load_subscriptions, SUBSCRIPTION_SECONDS)
    return cast("dict[Scope, frozenset[str]]", found)


def _load_subscriptions() -> dict[Scope, frozenset[str]]:
    """Return the wanted traffic events by the scope of endpoints, with one query."""
    by_scope: dict[Scope, frozenset[str]] = {}
    rows = Endpoint.objects.filter(wants_traffic=True, is_active=True, disabled_at=None)
    for download_id, organization_id, names in rows.values_list("download_id", "organization_id", "events"):
        scope = _scope(download_id, organization_id)
        wanted = {name for name in TYPES if matches_filter(names, name, is_hard=False)}
        by_scope[scope] = by_scope.get(scope, frozenset()) | wanted
    return by_scope


def _scope(download_id: int | None, organization_id: int | None) -> Scope:
    if download_id is not None:
        return "download", download_id
    return ("organization", organization_id) if organization_id is not None else ("site", None)


def store_signal(*, download_id: int, version_id: int, file_id: int, steps: list[dict[str, Any]]) -> None:
    """Store what happened in a download, with one insert, for a worker to announce.

    A download never fails because of this: over the limit nothing is stored, and an error of the database is logged.
    """
    window = int(time.time()) // WINDOW_SECONDS
    if count(f"traffic:{download_id}:{window}", WINDOW_SECONDS + 1, is_shared=False) > MAX_SIGNALS_PER_WINDOW:
        return
    signal = TrafficSignal(download_id=download_id, version_id=version_id, file_id=file_id, steps=steps)
    try:
        with savepoint_in_transaction():
            insert(signal, wait_for_disk=False)
    except DatabaseError:
        log.warning("A download of file %s was not announced, because the database failed.", file_id, exc_info=True)
