"""The base of every API view: who acts, with which scope, once only, and what is left behind is cleared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from releasehub.api.common import idempotency
from releasehub.api.common.authentication import HubAuthentication
from releasehub.api.common.errors import LengthRequired, Stale
from releasehub.api.common.parsers import FormParser, JsonParser, StagingMultiPartParser
from releasehub.api.common.permissions import HasScope, require
from releasehub.api.common.ratelimit import AddressThrottle, AnonymousThrottle
from releasehub.api.common.renderers import AlwaysJson, OrjsonRenderer
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor, Origin
from releasehub.core.requests import request_details


class HubViewSet(GenericViewSet[Any]):
    """A dialect adds its envelope, pagination and serializers.

    `required_scopes`: action -> the scope or scopes a key needs for it; `()` = none.
    `open_actions`: what is possible without a key; None = whatever only reads.
    `file_actions`: actions whose body may hold a file; each asks `authorize_upload` before the first byte is stored.
    `query_fills_body`: parameters a write leaves out of its body are taken from the query string.
    `security`: the names of the schemes of `HubScheme` that the dialect documents.
    """

    authentication_classes = [HubAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [AnonymousThrottle]
    parser_classes = [JsonParser, FormParser, StagingMultiPartParser]
    renderer_classes = [OrjsonRenderer]
    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    required_scopes: ClassVar[Mapping[str, Scope | tuple[Scope, ...]]] = {}
    open_actions: ClassVar[frozenset[str] | None] = None
    file_actions: ClassVar[frozenset[str]] = frozenset()
    query_fills_body: ClassVar[bool] = False
    security: ClassVar[tuple[str, ...]] = ("apiKey", "bearerKey")
    has_credential = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            self.clear()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After the checks of the request, put `_run` around the method that will answer it."""
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            raise LengthRequired  # WSGI cannot tell where a chunked body ends
        verb = (request.method or "").lower()
        handler = getattr(self, verb, None)
        if handler is not None and request.method not in SAFE_METHODS:
            setattr(self, verb, partial(self._run, handler))

    def perform_authentication(self, request: Request) -> None:
        """A request without a key, or with a wrong one, counts before anything else is looked at."""
        try:
            super().perform_authentication(request)
            self.has_credential = request.auth is not None
        finally:
            if not self.has_credential:
                self.check_throttles(request)

    def get_throttles(self) -> list[BaseThrottle]:
        """The same ones for check and answer, which tells where the caller stands."""
        if not hasattr(self, "_throttles"):
            self._throttles: list[BaseThrottle] = super().get_throttles()
        return self._throttles

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        for throttle in self.get_throttles():
            if isinstance(throttle, AddressThrottle) and throttle.rate:
                for name, value in throttle.headers(throttle.rate).items():
                    response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        """Return the most bytes the file may have (0: no limit), or None while `fields` do not name its target.

        Raises:
            DomainError: The caller may not send this file.
        """
        raise NotImplementedError

    def prepare(self) -> None:
        """Slow work that has to happen before the transaction of the change; for subclasses."""

    def clear(self) -> None:
        """Remove uploaded bytes that nobody took over."""
        if staging := getattr(self.request, "staging", None):
            staging.discard()

    @property
    def is_open(self) -> bool:
        """Whether this action needs no key."""
        if self.open_actions is None:
            return self.request.method in SAFE_METHODS
        return self.action in self.open_actions

    def scopes_of(self, action: str) -> tuple[Scope, ...]:
        scopes = self.required_scopes[action]
        return scopes if isinstance(scopes, tuple) else (scopes,)

    @property
    def actor(self) -> Actor:
        """Who the key or token names, or an anonymous one."""
        if isinstance(self.request.user, Actor):
            return self.request.user
        anonymous: Actor | None = getattr(self, "_anonymous", None)
        if anonymous is None:
            anonymous = self._anonymous = Actor(origin=Origin.API, **request_details(self.request._request))
        return anonymous

    @cached_property
    def base_url(self) -> str:
        """What links begin with: RELEASEHUB_PUBLIC_URL, else where the request came in."""
        return settings.PUBLIC_URL or self.request.build_absolute_uri("/").rstrip("/")

    def require_scope(self, *scopes: Scope) -> None:
        """Errors: MissingScope."""
        require(self.request, *scopes)

    def parsed(self, serializer_class: type[BaseSerializer[Any]], **options: Any) -> dict[str, Any]:
        """The checked input of a write."""
        return self.checked(serializer_class, self._input(), **options)

    def checked(self, serializer_class: type[BaseSerializer[Any]], data: Any, **options: Any) -> dict[str, Any]:
        """Errors: ValidationError."""
        serializer = serializer_class(data=data, **options)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def check_match(self, lock: Callable[[], models.Model]) -> None:
        """With `If-Match`: lock the row and compare; call it inside the transaction of the change.  Errors: Stale."""
        wanted = self.request.headers.get("If-Match", "").strip()
        if wanted and wanted != "*" and etag(lock()) not in {part.strip() for part in wanted.split(",")}:
            raise Stale

    def tagged(self, target: models.Model, data: Any) -> Response:
        return Response(data, headers={"ETag": etag(target)})

    def _run(
        self, handler: Callable[..., HttpResponseBase], request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        run = partial(self._in_transaction, handler, request, *args, **kwargs)
        if idempotency.HEADER in request.headers and request.auth is not None:  # nobody's answers are kept for nobody
            return idempotency.answer_once(
                request, actor=self.actor, prepare=self.prepare, run=run, on_error=self.handle_exception
            )
        self.prepare()
        return run()

    def _in_transaction(self, handler: Callable[..., HttpResponseBase], *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only `If-Match` needs the check and the change under one lock; services bring their own transaction."""
        if "If-Match" not in self.request.headers:
            return handler(*args, **kwargs)
        with transaction.atomic():
            try:
                return handler(*args, **kwargs)
            except Exception as error:
                response = self.handle_exception(error)
                transaction.set_rollback(response.status_code >= 500)
                return response

    def _input(self) -> Any:
        body: Any = self.request.data
        if not self.query_fills_body:
            return body
        query = self.request.query_params
        if hasattr(body, "lists"):
            return MultiValueDict(dict(query.lists()) | dict(body.lists()))
        return {name: query[name] for name in query} | body


def etag(target: models.Model) -> str:
    """Changes with every change of the row; counters do not count as one."""
    updated_at = target.updated_at  # type: ignore[attr-defined]
    return f'"{target.pk}-{int(updated_at.timestamp() * 1_000_000):x}"'
