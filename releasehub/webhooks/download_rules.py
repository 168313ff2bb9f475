"""Rules about downloads, which the app of downloads registers because it is above this one."""

from collections.abc import Callable, Iterable

from django.db.models import Q

from releasehub.accounts.models import User
from releasehub.core.actor import Actor

can_manage_rules: list[Callable[[Actor, int], bool]] = []
managed_ids_rules: list[Callable[[Actor], Iterable[int]]] = []
owner_lookups: list[Callable[[int], User | None]] = []
creator_filters: list[Callable[[], Q]] = []
readable_ids_rules: list[Callable[[Actor, frozenset[int]], Iterable[int]]] = []


def register_downloads(
    can_manage: Callable[[Actor, int], bool],
    managed_ids: Callable[[Actor], Iterable[int]],
    owner_of: Callable[[int], User | None],
    readable_ids: Callable[[Actor, frozenset[int]], Iterable[int]],
    creator_manages: Callable[[], Q],
) -> None:
    """Register the rules that only the app of downloads knows.

    Args:
        readable_ids: Returns the ids of the downloads whose events the actor may read. It also gets the ids of the
            organizations that the actor administers.
        creator_manages: Returns a filter for endpoints whose creator manages the download of the endpoint.
    """
    can_manage_rules.append(can_manage)
    managed_ids_rules.append(managed_ids)
    owner_lookups.append(owner_of)
    readable_ids_rules.append(readable_ids)
    creator_filters.append(creator_manages)
