"""Rendering of responses, and content negotiation."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, option=orjson.OPT_UTC_Z)


class AlwaysJson(BaseContentNegotiation):
    """Ignores the header `Accept`: installed programs send all kinds of values, and all of them expect JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class FileOrForm(AlwaysJson):
    """Selects the parser of a body with a file: a multipart form is parsed, and anything else is the file itself."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return super().select_parser(request, parsers) or parsers[-1]
