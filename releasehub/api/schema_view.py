"""The view of the OpenAPI schema, which each process generates once, because that takes seconds."""

from functools import cache
from hashlib import sha256
from threading import Lock
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from releasehub.core.site import site_url

MAX_AGE_SECONDS = 300
_lock = Lock()


class LenientNegotiation(DefaultContentNegotiation):
    """Select YAML for a client that accepts none of the formats, such as a browser, instead of answering 406."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            return renderers[0], renderers[0].media_type


class CachedSchemaView(SpectacularAPIView):
    content_negotiation_class = LenientNegotiation

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        renderer = request.accepted_renderer
        with _lock:  # concurrent requests wait for the first one instead of generating the schema again
            body = _render(type(renderer))  # type: ignore[arg-type]
        response = HttpResponse(body, content_type=f"{renderer.media_type}; charset=utf-8")
        response["Content-Disposition"] = f'inline; filename="{self._get_filename(request, "")}"'  # type: ignore[no-untyped-call]
        response["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
        response["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
        patch_vary_headers(response, ("Accept",))
        return get_conditional_response(request._request, etag=response["ETag"], response=response) or response


@cache
def _render(renderer: type[Any]) -> bytes:
    return renderer().render(schema_document(), renderer_context={})


@cache
def schema_document() -> dict[str, Any]:
    """Return the OpenAPI schema as plain values. The reference of the APIs reads it, too."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return schema | {"servers": [{"url": site_url()}]}
