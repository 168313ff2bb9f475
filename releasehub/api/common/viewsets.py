"""The base of every API view set: authentication, scopes, request bodies, and how a write is carried out."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils.functional import SimpleLazyObject
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from files.blobs import release_claim
from files.uploads.intake import AcceptedUpload
from releasehub.api.common.action_mixin import ActionMixin
from releasehub.api.common.authentication import HubAuthentication
from releasehub.api.common.errors import LengthRequired
from releasehub.api.common.etags import ETagMixin
from releasehub.api.common.file_parsers import StagingMultiPartParser
from releasehub.api.common.input_mixin import InputMixin
from releasehub.api.common.parsers import FormParser, JsonParser
from releasehub.api.common.permissions import HasScope, Scopes, require
from releasehub.api.common.renderers import AlwaysJson, OrjsonRenderer
from releasehub.api.common.throttling import AnonymousThrottle, ThrottlingMixin
from releasehub.apikeys.scopes import Scope


class HubViewSet(ActionMixin, InputMixin, ThrottlingMixin, ETagMixin):
    """A view set without any wire format; a dialect adds its errors, pagination and serializers.

    Attributes:
        required_scopes: Maps an action to the scope or scopes that a key needs for it; `()` means none.
        open_actions: Actions that need no key. None means every action that only reads.
        file_actions: Actions whose body may contain a file; `authorize_upload` decides before its first byte is stored.
        accepted_upload: The stored bytes that `prepare` has claimed, until a file takes them over.
        security: Names of the schemes of `HubScheme` that the dialect documents.
    """

    authentication_classes = [HubAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [AnonymousThrottle]
    parser_classes = [JsonParser, FormParser, StagingMultiPartParser]
    renderer_classes = [OrjsonRenderer]
    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    required_scopes: ClassVar[Mapping[str, Scopes]] = {}
    open_actions: ClassVar[frozenset[str] | None] = None
    file_actions: ClassVar[frozenset[str]] = frozenset()
    accepted_upload: AcceptedUpload | None = None
    security: ClassVar[tuple[str, ...]] = ("apiKey", "bearerKey")

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

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Return the request. REST framework calls the action of OPTIONS `metadata`, but no view set here has it."""
        initialized = super().initialize_request(request, *args, **kwargs)
        if request.method == "OPTIONS":
            self.action = None  # type: ignore[assignment]  # as for every other method without an action
        return initialized

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            raise LengthRequired  # WSGI cannot tell where a chunked body ends

    def clear(self) -> None:
        """Remove uploaded bytes that no service has taken over."""
        if staging := getattr(self.request, "staging", None):
            staging.discard()
        if self.accepted_upload is not None:
            release_claim(self.accepted_upload.blob)

    @property
    def is_open(self) -> bool:
        """True if this action needs no key."""
        if self.open_actions is None:
            return self.request.method in SAFE_METHODS
        return self.action in self.open_actions

    def scopes_of(self, action: str) -> tuple[Scope, ...]:
        scopes = self.required_scopes[action]
        return scopes if isinstance(scopes, tuple) else (scopes,)

    def require_scope(self, *scopes: Scope) -> None:
        """Check scopes that depend on more than the action."""
        require(self.request, *scopes)

    def authorize_upload(self, fields: QueryDict, filename: str) -> int | None:
        """Decide about a file before its first byte is stored.

        Args:
            fields: The form fields that arrived before the file.

        Returns:
            The maximum size of the file in bytes (0: no limit), or None while `fields` do not name its target.

        Raises:
            DomainError: The caller may not send this file.
        """
        raise NotImplementedError

    @cached_property
    def base_url(self) -> str:
        """The beginning of absolute links: RELEASEHUB_PUBLIC_URL, or else the host of the request."""
        return settings.PUBLIC_URL or self.request.build_absolute_uri("/").rstrip("/")

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what every serializer may read. Nothing here runs a query or depends on the rows.

        Most serializers need no `base_url`, and building it takes longer than writing a row.
        """
        return {"actor": self.actor, "base_url": SimpleLazyObject(lambda: self.base_url)}


class NoRouteViewSet(HubViewSet):
    """The view of all URLs of a dialect that lead nowhere. They count for its rate limit and have its headers."""

    authentication_classes = []
    permission_classes = []
    schema = None
    error: ClassVar[type[Exception]]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.no_route(request)

    def no_route(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.error
