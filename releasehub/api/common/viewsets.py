"""The base of every API view set: authentication, scopes, request bodies, and how a write is carried out."""

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
from releasehub.api.common.serializers import InputSerializer
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor, Origin
from releasehub.core.requests import request_details

Handler = Callable[..., HttpResponseBase]


class HubViewSet(GenericViewSet[Any]):
    """A view set without any wire format; a dialect adds its errors, pagination and serializers.

    Attributes:
        required_scopes: Maps an action to the scope or scopes that a key needs for it; `()` means none.
        open_actions: Actions that need no key. None means every action that only reads.
        file_actions: Actions whose body may contain a file; `authorize_upload` decides before its first byte is stored.
        input_serializer_classes: Maps an action to the serializer of its request body.
        query_fills_body: Whether fields missing in the body of a write are taken from the query string.
        security: Names of the schemes of `HubScheme` that the dialect documents.
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
    input_serializer_classes: ClassVar[Mapping[str, type[InputSerializer]]] = {}
    query_fills_body: ClassVar[bool] = False
    security: ClassVar[tuple[str, ...]] = ("apiKey", "bearerKey")
    has_credential = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the request, run its action, and turn any exception into the error format of the dialect.

        REST framework's own `dispatch` has no hook between the checks and the action. A write needs one, because its
        idempotency record and the change have to be committed in the same transaction.
        """
        self.args, self.kwargs = args, kwargs
        try:
            self.request = self.initialize_request(request, *args, **kwargs)
            self.headers = self.default_response_headers
            try:
                self.initial(self.request, *args, **kwargs)
                response = self.run_action(self.get_handler(self.request))
            except Exception as error:
                response = self.handle_exception(error)
            self.response = self.finalize_response(self.request, response, *args, **kwargs)  # type: ignore[arg-type]
            return self.response
        finally:
            self.clear()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            raise LengthRequired  # WSGI cannot tell where a chunked body ends

    def get_handler(self, request: Request) -> Handler:
        """Return the method that `urls.py` maps to the HTTP method of the request."""
        method = (request.method or "").lower()
        handler: Handler = self.http_method_not_allowed
        if method in self.http_method_names:
            handler = getattr(self, method, handler)
        return handler

    def run_action(self, handler: Handler) -> HttpResponseBase:
        """Run a read directly; run a write once per `Idempotency-Key`, with `prepare` before it."""
        run = partial(handler, self.request, *self.args, **self.kwargs)
        if self.request.method in SAFE_METHODS:
            return run()
        run = partial(self._run_write, run)
        # An anonymous caller has no identity under which a response could be stored and returned again.
        if idempotency.HEADER in self.request.headers and self.request.auth is not None:
            return idempotency.answer_once(
                self.request, actor=self.actor, prepare=self.prepare, run=run, on_error=self.handle_exception
            )
        self.prepare()
        return run()

    def _run_write(self, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """Run a write; with `If-Match` in one transaction, so that the check and the change hold the same row lock.

        Without `If-Match`, services open their own transactions, which are shorter.
        """
        if "If-Match" not in self.request.headers:
            return run()
        with transaction.atomic():
            try:
                return run()
            except Exception as error:
                response = self.handle_exception(error)
                # A refusal still commits: the audit row of a refused deletion has to stay.
                transaction.set_rollback(response.status_code >= 500)
                return response

    def prepare(self) -> None:
        """Do slow work, such as storage calls and name lookups, before the transaction of a write begins."""

    def clear(self) -> None:
        """Remove uploaded bytes that no service has taken over."""
        if staging := getattr(self.request, "staging", None):
            staging.discard()

    @property
    def actor(self) -> Actor:
        """The actor that the key or token names, or an anonymous one."""
        if isinstance(self.request.user, Actor):
            return self.request.user
        anonymous: Actor | None = getattr(self, "_anonymous", None)
        if anonymous is None:
            anonymous = self._anonymous = Actor(origin=Origin.API, **request_details(self.request._request))
        return anonymous

    @property
    def is_open(self) -> bool:
        """True if this action needs no key."""
        if self.open_actions is None:
            return self.request.method in SAFE_METHODS
        return self.action in self.open_actions

    def scopes_of(self, action: str) -> tuple[Scope, ...]:
        """Return the scopes that a key needs for an action."""
        scopes = self.required_scopes[action]
        return scopes if isinstance(scopes, tuple) else (scopes,)

    def require_scope(self, *scopes: Scope) -> None:
        """Check scopes that depend on more than the action.

        Raises:
            MissingScope: The key lacks one of the scopes.
        """
        require(self.request, *scopes)

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        """Decide about a file before its first byte is stored.

        Args:
            fields: The form fields that arrived before the file.
            filename: The name that the client sent.

        Returns:
            The maximum size of the file in bytes (0: no limit), or None while `fields` do not name its target.

        Raises:
            DomainError: The caller may not send this file.
        """
        raise NotImplementedError

    def perform_authentication(self, request: Request) -> None:
        """Count a request that has no valid key before anything else is checked."""
        try:
            super().perform_authentication(request)
            self.has_credential = request.auth is not None
        finally:
            if not self.has_credential:
                self.check_throttles(request)

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the same throttles for the check and for the response headers, which report the caller's usage."""
        if not hasattr(self, "_throttles"):
            self._throttles: list[BaseThrottle] = super().get_throttles()
        return self._throttles

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        for throttle in self.get_throttles():
            if isinstance(throttle, AddressThrottle) and throttle.rate:
                for name, value in throttle.headers(throttle.rate).items():
                    response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    @cached_property
    def base_url(self) -> str:
        """The beginning of absolute links: RELEASEHUB_PUBLIC_URL, or else the host of the request."""
        return settings.PUBLIC_URL or self.request.build_absolute_uri("/").rstrip("/")

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what every serializer may read. Nothing here runs a query or depends on the rows."""
        return {"actor": self.actor, "base_url": self.base_url}

    def get_input_serializer(
        self, instance: Any = None, serializer_class: type[InputSerializer] | None = None
    ) -> InputSerializer:
        """Return the serializer of the request body, already validated.

        Args:
            instance: The row that the request changes, for serializers whose checks depend on it.
            serializer_class: The class; by default that of the action in `input_serializer_classes`.

        Raises:
            ValidationError: A field is missing or invalid.
        """
        serializer_class = serializer_class or self.input_serializer_classes[self.action]
        context = self.get_serializer_context()
        serializer = serializer_class(instance, data=self.get_request_data(), context=context)
        serializer.is_valid(raise_exception=True)
        return serializer

    def get_validated_data(self, serializer_class: type[InputSerializer] | None = None) -> dict[str, Any]:
        """Return the validated request body.

        Raises:
            ValidationError: A field is missing or invalid.
        """
        return dict(self.get_input_serializer(serializer_class=serializer_class).validated_data)

    def get_validated_query(self, serializer_class: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """Return the validated parameters of the query string.

        Raises:
            ValidationError: A parameter is missing or invalid.
        """
        serializer = serializer_class(data=self.request.query_params, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def get_request_data(self) -> Any:
        """Return the fields of a write: those of the body, and of the query string where the dialect allows it."""
        body: Any = self.request.data
        if not self.query_fills_body:
            return body
        query = self.request.query_params
        if hasattr(body, "lists"):
            return MultiValueDict(dict(query.lists()) | dict(body.lists()))
        # A member that is null counts as left out, so the query string may fill it too.
        return body | {name: query[name] for name in query if body.get(name) is None}

    def check_if_match(self, lock: Callable[[], models.Model]) -> None:
        """Lock the row and compare its ETag, if the request has `If-Match`.

        Call it inside the transaction of the change: the lock keeps the row as it was compared until the commit.

        Raises:
            Stale: The row has changed since the caller read it.
        """
        if_match = self.request.headers.get("If-Match", "").strip()
        if if_match and if_match != "*" and etag(lock()) not in {part.strip() for part in if_match.split(",")}:
            raise Stale

    def get_tagged_response(self, instance: models.Model, data: Any, *, status: int = 200) -> Response:
        """Return a response with the ETag of the row that it shows."""
        return Response(data, status=status, headers={"ETag": etag(instance)})


def etag(instance: models.Model) -> str:
    """Return an ETag that differs after every change of the row, except a change of its counters."""
    updated_at = instance.updated_at  # type: ignore[attr-defined]
    return f'"{instance.pk}-{int(updated_at.timestamp() * 1_000_000):x}"'
