"""Parsers of request bodies within limits, and whether a body was complete. `file_parsers` streams files to storage."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from releasehub.api.common.errors import BodyTooLarge
from releasehub.core.json import read_json
from releasehub.core.requests import IS_CHUNKED

Context = Mapping[str, Any] | None


class CountedStream:
    """A stream that counts its bytes, so that a truncated body can be told from a complete one.

    After an early error, `drain` continues to read up to `drained_bytes`: a client that is still sending its body could
    not read the response.
    """

    drained_bytes = 64 * 1024 * 1024
    chunk_bytes = 256 * 1024

    def __init__(self, stream: IO[Any]) -> None:
        self._read = stream.read
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._read(size)
        self.count += len(data)
        return data

    def drain(self) -> None:
        end = self.count + self.drained_bytes
        while self.count < end and self.read(self.chunk_bytes):
            pass


def takes_files(context: Context) -> bool:
    view = (context or {}).get("view")
    return getattr(view, "action", None) in getattr(view, "file_actions", ())


def is_cut(context: Context, count: int) -> bool:
    """Return whether fewer bytes arrived than declared. The server itself refuses a chunked body without its end."""
    return IS_CHUNKED not in (context or {})["request"].META and count < declared_length(context)


def declared_length(context: Context) -> int:
    """Return the declared length of the body in bytes, or more than any limit if it is unknown."""
    meta = (context or {})["request"].META
    try:
        return int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise ParseError("Content-Length is not a number.") from error


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
    """Return the JSON object in the body; an empty body is an empty object."""
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
