"""A limit on the e-mail addresses that a user names, because the answers tell which of them belong to accounts."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rest_framework.exceptions import Throttled

from releasehub.core.actor import Actor
from releasehub.core.counting import count

ADDRESSES_PER_HOUR = 200
HOUR_SECONDS = 3600


def count_addresses(actor: Actor, addresses: Iterable[str]) -> None:
    """Count each address, with or without an account, so that over the limit all of them get the same answer.

    Raises:
        Throttled: The user named more addresses in this hour than anybody invites.
    """
    hour, elapsed = divmod(int(time.time()), HOUR_SECONDS)
    for _ in set(addresses):
        address_count = count(f"addresses:{actor.user_id}:{hour}", HOUR_SECONDS + 1)
        if address_count > ADDRESSES_PER_HOUR:
            raise Throttled(HOUR_SECONDS - elapsed, "You named too many e-mail addresses in one hour.")
