"""Cache of responses for anonymous visitors, who all get the same ones.

On a release day thousands of visitors request the same page at once, so each process keeps its responses in memory for
a second. Only requests without any credentials (a session, an API key, an access key in the URL) are answered from this
cache. Cookies that hold only a language, a time zone or a system do not count as credentials; their values are part of
the cache key. Cookies of other programs on the same host, such as a load balancer or a web analytics script, are
removed from the request, so that no response can depend on them.

A change made by this process clears the cache at once. A change made by another process becomes visible as soon as its
message arrives (`releasehub.core.cluster.change_channel`), or after RELEASEHUB_ANONYMOUS_CACHE_SECONDS.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial, wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language

from releasehub.core.actor import Actor
from releasehub.core.cluster.change_channel import channel
from releasehub.core.cluster.replica import is_reading_from_replica, read_from_replica
from releasehub.core.cluster.replica_health import health
from releasehub.core.object_cache import ObjectCache

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=models.Model | None)
TOPIC = "anonymous"
CREDENTIAL_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_XF_API_KEY", "HTTP_XF_API_USER")
ACCESS_KEY_PARAMETER = "key"
_generations = itertools.count(1)
LOCALE = "releasehub.locale"  # the language and the time zone of a page, in `request.META`


class _Contents:
    generation = 0


@dataclass(frozen=True)
class CachedResponse:
    """Body and headers of a response, without its request."""

    body: bytes
    headers: dict[str, str]

    @classmethod
    def from_response(cls, response: HttpResponse) -> CachedResponse:
        """Copy the response, and make sure that clients and proxies can revalidate it."""
        state_language(response)
        patch_vary_headers(response, ("Cookie", "Authorization"))
        response.setdefault("ETag", f'"{sha256(response.content).hexdigest()[:32]}"')
        response.setdefault("Cache-Control", "no-cache")
        return cls(response.content, dict(response.items()))

    def to_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the whole response, or 304 if the client already has it."""
        response = HttpResponse(self.body, headers=self.headers)
        return get_conditional_response(request, etag=self.headers["ETag"], response=response) or response


responses: ObjectCache[CachedResponse] = ObjectCache(max_entries=300)
rows: ObjectCache[models.Model] = ObjectCache(max_entries=2_000)


def cache_for_anonymous(vary_on: Callable[[HttpRequest], Hashable] | None = None) -> Callable[[View], View]:
    """Cache the successful responses of a view for requests without credentials.

    Args:
        vary_on: Returns what the response depends on in addition to the URL, such as the visitor's operating system.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            seconds = settings.ANONYMOUS_CACHE_SECONDS
            if request.method not in {"GET", "HEAD"} or has_credentials(request):
                return view(request, *args, **kwargs)
            _remove_foreign_cookies(request)
            read = partial(read_from_replica, partial(view, request, *args, **kwargs))
            if not seconds:
                return read()
            channel.listen()
            # The host is part of the key, because absolute links in the response contain it.
            key_source = (
                f"{request.build_absolute_uri()} {request.META.get(LOCALE, '')} {vary_on(request) if vary_on else ''}"
            )
            cache_key = _cache_key(key_source)
            cached = responses.get(cache_key)
            if cached is None:
                response = read()
                # A response that sets a cookie belongs to one visitor.
                if not isinstance(response, HttpResponse) or response.status_code != 200 or response.cookies:
                    return response
                cached = CachedResponse.from_response(response)
                if request.method == "GET":  # a view may leave out the body for HEAD
                    responses.set(cache_key, cached, seconds)
            return cached.to_response(request)

        return wrapped

    return decorate


def cached_row(actor: Actor | None, key_parts: tuple[str, ...], load: Callable[[], Row]) -> Row:
    """Return the row that `load` returns, from the cache if the actor is anonymous.

    This is for views that count every request, so that their responses cannot be cached, and for those whose responses
    differ between visitors although most rows are the same. Without an actor, nothing is cached. The caller still has
    to check every time whether the actor may see the row. Requests share the row, so they must not change it.
    """
    seconds = settings.ANONYMOUS_CACHE_SECONDS
    # A row that an identified user may see must never be cached for anonymous visitors, not even for a second.
    # Rows of the replica are not cached either, because these rows decide who gets the bytes of a file.
    if not seconds or actor is None or not actor.is_anonymous or is_reading_from_replica():
        return load()
    channel.listen()
    cache_key = _cache_key(repr(key_parts))
    if (cached := rows.get(cache_key)) is not None:
        return cast(Row, cached)
    if (row := load()) is not None:
        rows.set(cache_key, row, seconds)
    return row


def invalidate_anonymous_cache() -> None:
    """Clear the cache of this process after the current transaction commits, and read from the primary for a moment."""
    # Cleared any earlier, another thread could fill it again with rows from before the commit.
    if settings.ANONYMOUS_CACHE_SECONDS or settings.USE_REPLICA:
        transaction.on_commit(_clear_everywhere)


def _clear_everywhere() -> None:
    _clear()
    channel.announce(TOPIC)


def _clear() -> None:
    """Clear the cache, and begin a new generation.

    A thread that has read before the change may store its row afterwards, under the generation before it. The replica
    comes first: no thread may fill the new generation with rows that the replica has from before the change.
    """
    health.require_current()
    _Contents.generation = next(_generations)
    forget()


def _cache_key(source: str) -> str:
    """Return the key of an entry in the current generation. Call it before anything of the entry is read."""
    return sha256(f"{_Contents.generation} {source}".encode()).hexdigest()


def forget() -> None:
    responses.clear()
    rows.clear()


def has_credentials(request: HttpRequest) -> bool:
    """Return whether the request carries anything that could open more than an anonymous visitor sees."""
    if ACCESS_KEY_PARAMETER in request.GET or any(request.META.get(name) for name in CREDENTIAL_HEADERS):
        return True
    return bool(request.META.get("HTTP_COOKIE")) and not settings.CREDENTIAL_COOKIES.isdisjoint(request.COOKIES)


def _remove_foreign_cookies(request: HttpRequest) -> None:
    if request.META.get("HTTP_COOKIE"):
        known = settings.PREFERENCE_COOKIES
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if name in known}


def state_language(response: HttpResponseBase) -> None:
    """State the active language of a page, and that caches must not show it to visitors with another language."""
    if "Content-Language" not in response and response.get("Content-Type", "").startswith("text/html"):
        response["Content-Language"] = get_language() or settings.LANGUAGE_CODE
        patch_vary_headers(response, ("Accept-Language", "Cookie"))


channel.register(TOPIC, _clear)
