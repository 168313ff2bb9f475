"""From a host name to addresses that may be connected to."""

from __future__ import annotations

import queue
import socket
import threading
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from django.conf import settings

from releasehub.outbound.addresses import Network, refusal
from releasehub.outbound.connections import Clock
from releasehub.outbound.failures import NotLookedUp, Refused, Unreachable
from releasehub.outbound.urls import Target

LOOKUP_SECONDS = 5.0


def allowed_networks() -> tuple[Network, ...]:
    """What the operator listed beside the public networks."""
    return _networks(tuple(getattr(settings, "WEBHOOK_ALLOW_NETS", ())))


@lru_cache(maxsize=16)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def judged_addresses(target: Target, clock: Clock) -> list[str]:
    """Addresses that may be connected to; one bad address among them refuses all. Errors: Refused; Unreachable."""
    allowed = allowed_networks()
    if target.is_address:
        if reason := refusal(target.host, allowed):
            raise Refused(f"The address leads to {reason}. Use a public one.")
        return [target.host]
    # With networks of the operator's own in the list, their names are the operator's wish as well.
    if target.is_inner_name and not allowed:
        raise Refused("The name belongs to an inner network. Use a public one.")
    addresses = _resolve(target, clock)
    if any(refusal(address, allowed) for address in addresses):
        raise Refused("The name leads to an address that is not public.")
    return addresses


def _resolve(target: Target, clock: Clock) -> list[str]:
    """Every address of the name, in the system's order. The resolver has no time limit, so a thread waits for it."""
    found: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(target.host, target.port, found.put), daemon=True).start()
    try:
        addresses = found.get(timeout=min(LOOKUP_SECONDS, clock.left()))
    except (queue.Empty, TimeoutError):
        raise NotLookedUp("Looking up the host name took too long.") from None
    if isinstance(addresses, socket.gaierror) and addresses.errno == socket.EAI_AGAIN:
        raise NotLookedUp("The host name could not be looked up just now.")
    if isinstance(addresses, Exception) or not addresses:
        raise Unreachable("The host name could not be found.")
    return addresses


def _look_up(host: str, port: int, put: Any) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
    except (OSError, UnicodeError) as error:
        put(error)
