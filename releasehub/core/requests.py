"""The actor and the client address of an HTTP request, and redirects to the URL of something that was renamed."""

from collections.abc import Mapping
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import reverse

from releasehub.core.actor import Actor, Origin

IS_CHUNKED = "releasehub.is_chunked"  # in the environment of a request whose body is streamed without a declared length
# In the environment: a function that returns whether a generated response of so many bytes may be streamed now.
HAS_SPOOL_ROOM = "releasehub.has_spool_room"
MAX_CHUNKED_BYTES = 2**62  # stands for the unknown length, because Django reads nothing without one
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def current_actor() -> Actor:
    """Return the actor of the current request, or a command-line actor outside of any request.

    This is for signal handlers and other code that Django calls without a request.
    """
    request = current_request.get()
    return Actor(origin=Origin.CLI) if request is None else actor_of(request)


def actor_of(request: HttpRequest, *, origin: Origin = Origin.WEB) -> Actor:
    """Return the actor for the signed-in user or an anonymous visitor. A request always gets the same object."""
    actor: Actor | None = request.META.get("releasehub.actor")
    if actor is None:
        user: Any = getattr(request, "user", None)
        actor = Actor(user=user if user and user.is_authenticated else None, origin=origin, **request_details(request))
        request.META["releasehub.actor"] = actor
    return actor


def web_actor(request: HttpRequest, user: Any = None) -> Actor:
    """Return an actor of the pages for the user that a signal names, who is not always the user of the request."""
    return Actor(user=user, origin=Origin.WEB, **request_details(request))


def request_details(request: HttpRequest) -> dict[str, Any]:
    """Return the request id and the client address, which the audit log records."""
    return {"request_id": request.META.get("releasehub.request_id", ""), "address": address_of(request)}


def address_of(request: HttpRequest) -> str | None:
    """Return the IP address of the client. See `address_in`."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> str | None:
    """Return the IP address of the client: that of the peer, or the one that a trusted proxy reports.

    `X-Forwarded-For` is read from its end, because a client can put anything at its beginning. With
    RELEASEHUB_TRUSTED_PROXIES, the peer has to be one of these proxies, and their own addresses in the header are
    skipped. With RELEASEHUB_BEHIND_PROXY alone, there is exactly one proxy, whatever its address.
    """
    peer: str | None = environ.get("REMOTE_ADDR") or None
    if not is_proxy(peer or ""):
        return peer
    forwarded = [part.strip() for part in str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    for address in reversed(forwarded):
        if not is_valid_address(address):
            return peer
        if not settings.TRUSTED_PROXIES or not _is_trusted(address):
            return address
    return peer


def is_proxy(peer: str) -> bool:
    """Return whether this address belongs to a proxy, so that requests of several clients may come from it."""
    return settings.IS_BEHIND_PROXY and (not settings.TRUSTED_PROXIES or _is_trusted(peer))


def _is_trusted(address: str | None) -> bool:
    """Return whether the operator configured this address as a proxy.

    A Unix socket has no address. It belongs to this machine, so it is trusted.
    """
    if not address:
        return True
    if not is_valid_address(address):
        return False
    ip = ip_address(address)
    return any(ip in ip_network(network) for network in settings.TRUSTED_PROXIES)


def network_of(address: str | None) -> str:
    """Return the network that rate limits count as one visitor, or an empty string if there is no address.

    It is the address itself for IPv4, and the /64 network for IPv6, because a provider gives each customer a whole /64.
    """
    try:
        ip = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ip_network((ip, 64), strict=False))


def is_valid_address(text: str) -> bool:
    try:
        validate_ipv46_address(text)
    except ValidationError:
        return False
    return True


def renamed_url(request: HttpRequest, slug: str) -> str:
    """Return the path and query string of this request with the new slug. The result never contains a host."""
    match = request.resolver_match
    assert match is not None  # noqa: S101 - the request reached a view
    path = reverse(match.view_name, kwargs={**match.kwargs, "slug": slug})
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def redirect_renamed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Return a 308 redirect that no cache may store.

    The download may take its old slug again, and access to it has to be checked for every request.
    """
    response = HttpResponsePermanentRedirect(renamed_url(request, slug), preserve_request=True)
    response["Cache-Control"] = "no-store"
    return response
