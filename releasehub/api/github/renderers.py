"""Rendering and reading of bodies: JSON with one member on each line, and any media type in both directions."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from releasehub.api.common.renderers import AlwaysJson


class IndentedRenderer(BaseRenderer):
    """JSON that scripts can read with grep and cut, as they do with the API of GitHub."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)


def etag_of(data: Any) -> str:
    return f'"{sha256(IndentedRenderer().render(data)).hexdigest()[:32]}"'


class AnyMediaType(AlwaysJson):
    """Reads every body with the first parser: clients send JSON and files under all kinds of media types."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]
