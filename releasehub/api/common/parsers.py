"""Parsers of request bodies: forms, JSON and multipart forms within limits, and files that are streamed to storage."""

from typing import IO, Any

from django.conf import settings
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from releasehub.api.common.body_streams import Context, declared_length
from releasehub.api.common.errors import BodyTooLarge
from releasehub.core.json import read_json


def read_limited(stream: IO[Any], context: Context) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: The declared length exceeds the limit. No byte of the body is read then.
        ParseError: The body is shorter than declared.
    """
    if declared_length(context) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge
    body: bytes = stream.read()
    if len(body) < declared_length(context):
        raise ParseError("The request ended before its body was complete.")
    return body


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body; an empty body is an empty object.

    Raises:
        ParseError: The body is something else.
    """
    try:
        data = read_json(body) if body.strip() else {}
    except ValueError as error:
        raise ParseError(f"The body is not JSON that the hub accepts: {error}") from error
    if not isinstance(data, dict):
        raise ParseError("The body must be a JSON object.")
    return data


class JsonParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None) -> Any:
        return read_object(read_limited(stream, parser_context))


class FormParser(BaseParser):
    """Reads a form, or JSON that has the media type of a form, as `curl -d '{…}'` sends it.

    Programs encode a brace in the name of a field. As a form, the JSON would be one unknown field, which is ignored.
    """

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None) -> Any:
        body = read_limited(stream, parser_context)
        if body.lstrip().startswith(b"{"):
            return read_object(body)
        try:
            return QueryDict(body, encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ParseError("The form is not UTF-8.") from error
