"""From a request to the actor behind it."""

from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest

from releasehub.core.actor import Actor, Channel

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def current_actor() -> Actor:
    """Return who acts now, for code that is called by Django and gets no actor: the request's, or a command."""
    request = current_request.get()
    return Actor(channel=Channel.CLI) if request is None else actor_of(request)


def actor_of(request: HttpRequest, *, channel: Channel = Channel.WEB) -> Actor:
    """The signed-in user, or nobody; one object for the whole request."""
    actor: Actor | None = request.META.get("releasehub.actor")
    if actor is None:
        user: Any = getattr(request, "user", None)
        actor = Actor(user=user if user and user.is_authenticated else None, channel=channel, **origin_of(request))
        request.META["releasehub.actor"] = actor
    return actor


def origin_of(request: HttpRequest) -> dict[str, Any]:
    """Request id and address, for the audit log."""
    return {"request_id": request.META.get("releasehub.request_id", ""), "address": address_of(request)}


def address_of(request: HttpRequest) -> str | None:
    """The peer's own address; behind the operator's proxy the last one that the proxy added, never what came before."""
    if settings.IS_BEHIND_PROXY:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if last and is_valid_address(last):
            return last
    return request.META.get("REMOTE_ADDR") or None


def is_valid_address(text: str) -> bool:
    try:
        validate_ipv46_address(text)
    except ValidationError:
        return False
    return True
