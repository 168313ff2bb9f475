"""Resolution of host names to IP addresses that the hub may connect to."""

import queue
import socket
import threading
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from django.conf import settings

from releasehub.outbound.addresses import Network, refusal_reason
from releasehub.outbound.connections import Deadline
from releasehub.outbound.failures import LookupFailed, Refused, Unreachable
from releasehub.outbound.urls import Target

LOOKUP_SECONDS = 5.0


def allowed_networks() -> tuple[Network, ...]:
    """Return the private networks that the operator has explicitly allowed."""
    return _networks(tuple(getattr(settings, "WEBHOOK_ALLOW_NETS", ())))


@lru_cache(maxsize=16)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def allowed_addresses(target: Target, deadline: Deadline) -> list[str]:
    """Return the IP addresses of the target, all of which are allowed.

    Raises:
        Refused: One of the addresses is not allowed. All of them have to be, because any of them could be used.
        Unreachable: The host name cannot be resolved.
    """
    networks = allowed_networks()
    if target.is_address:
        if reason := refusal_reason(target.host, networks):
            raise Refused(f"The IP address belongs to {reason}. Use a public address.")
        return [target.host]
    # An operator who allows a private network also wants to use its host names.
    if target.is_private_name and not networks:
        raise Refused("The host name belongs to a private network. Use a public host name.")
    addresses = _resolve(target, deadline)
    if any(refusal_reason(address, networks) for address in addresses):
        raise Refused("The host name resolves to an IP address that is not public. Use a public host name.")
    return addresses


def _resolve(target: Target, deadline: Deadline) -> list[str]:
    """Return all IP addresses of the host name, in the order of the system.

    `getaddrinfo` has no timeout, so a thread calls it, and this function stops waiting for the thread in time.
    """
    results: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(target.host, target.port, results.put), daemon=True).start()
    try:
        addresses = results.get(timeout=min(LOOKUP_SECONDS, deadline.remaining_seconds()))
    except (queue.Empty, TimeoutError):
        raise LookupFailed("Resolving the host name took too long.") from None
    if isinstance(addresses, socket.gaierror) and addresses.errno == socket.EAI_AGAIN:
        raise LookupFailed("The host name could not be resolved right now. Try again later.")
    if isinstance(addresses, Exception) or not addresses:
        raise Unreachable("The host name could not be resolved. Check its spelling.")
    return addresses


def _look_up(host: str, port: int, put: Any) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
    except (OSError, UnicodeError) as error:
        put(error)
