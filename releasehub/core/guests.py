"""Answers that every guest gets alike, kept for a moment: on a release day thousands ask for the same page at once.

Only requests that name nobody are answered from here: no cookie, no key, no access key in the address. A change made
by this process ends what it keeps; those of other processes show after RELEASEHUB_GUEST_CACHE_SECONDS at the latest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import caches
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from releasehub.core.actor import Actor

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=models.Model | None)
CACHE = "guests"
NAMING_HEADERS = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_XF_API_KEY", "HTTP_XF_API_USER")
NAMING_PARAMETER = "key"


@dataclass(frozen=True)
class Kept:
    body: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, response: HttpResponse) -> Kept:
        patch_vary_headers(response, ("Cookie", "Authorization"))
        response.setdefault("ETag", f'"{sha256(response.content).hexdigest()[:32]}"')
        response.setdefault("Cache-Control", "no-cache")
        return cls(response.content, dict(response.items()))

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """The whole answer, or 304 for who has it."""
        response = HttpResponse(self.body, headers=self.headers)
        return get_conditional_response(request, etag=self.headers["ETag"], response=response) or response


def kept_for_guests(by: Callable[[HttpRequest], Hashable] | None = None) -> Callable[[View], View]:
    """For views whose answer to a guest follows from the address, and from what `by` takes from the request."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            seconds = settings.GUEST_CACHE_SECONDS
            if not seconds or not _names_nobody(request):
                return view(request, *args, **kwargs)
            address = f"{request.build_absolute_uri()} {by(request) if by else ''}"
            name = sha256(address.encode()).hexdigest()
            kept: Kept | None = caches[CACHE].get(name)
            if kept is None:
                response = view(request, *args, **kwargs)
                if not isinstance(response, HttpResponse) or response.status_code != 200 or response.cookies:
                    return response
                kept = Kept.of(response)
                caches[CACHE].set(name, kept, seconds)
            return kept.answer(request)

        return wrapped

    return decorate


def kept_row(actor: Actor, address: tuple[str, ...], find: Callable[[], Row]) -> Row:
    """What `find` gives, kept for guests where each request is counted and so cannot share its answer.

    Whether the actor may have the row is for the caller to judge, every time.
    """
    seconds = settings.GUEST_CACHE_SECONDS
    if not seconds or not actor.is_guest:
        return find()
    name = sha256(repr(address).encode()).hexdigest()
    return cast(Row, caches[CACHE].get_or_set(name, find, seconds))


def forget_guest_answers() -> None:
    """Once the change that is being made is committed."""
    if settings.GUEST_CACHE_SECONDS:
        transaction.on_commit(caches[CACHE].clear)


def _names_nobody(request: HttpRequest) -> bool:
    return request.method == "GET" and not names_caller(request)


def names_caller(request: HttpRequest) -> bool:
    """Return whether the request carries anything that could open more than an anonymous visitor sees."""
    return NAMING_PARAMETER in request.GET or any(request.META.get(name) for name in NAMING_HEADERS)
