"""From a request to the actor behind it."""

from collections.abc import Mapping
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest

from releasehub.core.actor import Actor, Origin

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def current_actor() -> Actor:
    """Return who acts now, for code that is called by Django and gets no actor: the request's, or a command."""
    request = current_request.get()
    return Actor(origin=Origin.CLI) if request is None else actor_of(request)


def actor_of(request: HttpRequest, *, origin: Origin = Origin.WEB) -> Actor:
    """The signed-in user, or nobody; one object for the whole request."""
    actor: Actor | None = request.META.get("releasehub.actor")
    if actor is None:
        user: Any = getattr(request, "user", None)
        actor = Actor(user=user if user and user.is_authenticated else None, origin=origin, **request_details(request))
        request.META["releasehub.actor"] = actor
    return actor


def request_details(request: HttpRequest) -> dict[str, Any]:
    """Request id and address, for the audit log."""
    return {"request_id": request.META.get("releasehub.request_id", ""), "address": address_of(request)}


def address_of(request: HttpRequest) -> str | None:
    """Return the address of the client, see `address_in`."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> str | None:
    """Return the address of the peer, or the one that a trusted proxy names.

    `X-Forwarded-For` is read from its end, because only what trusted proxies added can be believed. With
    RELEASEHUB_TRUSTED_PROXIES the peer has to be one of them, and each of them in the header is skipped; with
    RELEASEHUB_BEHIND_PROXY alone there is exactly one proxy, whatever its address.
    """
    peer: str | None = environ.get("REMOTE_ADDR") or None
    if not is_proxy(peer or ""):
        return peer
    named = [part.strip() for part in str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    for address in reversed(named):
        if not is_valid_address(address):
            return peer
        if not settings.TRUSTED_PROXIES or not _is_trusted(address):
            return address
    return peer


def is_proxy(peer: str) -> bool:
    """Return whether requests of several clients may come from this address."""
    return settings.IS_BEHIND_PROXY and (not settings.TRUSTED_PROXIES or _is_trusted(peer))


def _is_trusted(address: str | None) -> bool:
    """Whether it is a proxy that the operator named; a socket without addresses belongs to this machine."""
    if not address:
        return True
    if not is_valid_address(address):
        return False
    found = ip_address(address)
    return any(found in ip_network(network) for network in settings.TRUSTED_PROXIES)


def network_of(address: str | None) -> str:
    """Return what is counted as one visitor: an IPv4 address, or the /64 that a single IPv6 customer gets as a whole.

    Empty without an address.
    """
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))


def is_valid_address(text: str) -> bool:
    try:
        validate_ipv46_address(text)
    except ValidationError:
        return False
    return True
