"""Parsers of request bodies: forms, JSON and multipart forms within limits, and files that are streamed to storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser, DataAndFiles

from files.uploads.handlers import FIELD, FileNotExpected, RefusingUploadHandler, StagingUploadHandler
from releasehub.api.common.errors import BodyTooLarge
from releasehub.api.common.part_headers import Utf8Headers, decode_words
from releasehub.core.errors import DomainError
from releasehub.core.json import read_json
from releasehub.core.requests import IS_CHUNKED

Context = Mapping[str, Any] | None
BINARY = "application/octet-stream"


def read_limited(stream: IO[Any], context: Context) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: The declared length exceeds the limit. No byte of the body is read then.
        ParseError: The body is shorter than declared.
    """
    if _length(context) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge
    body: bytes = stream.read()
    if len(body) < _length(context):
        raise ParseError("The request ended before its body was complete.")
    return body


class JsonParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None) -> Any:
        body = read_limited(stream, parser_context)
        try:
            data = read_json(body) if body.strip() else {}
        except ValueError as error:
            raise ParseError(f"The body is not JSON that the hub accepts: {error}") from error
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        return data


class FormParser(BaseParser):
    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None) -> QueryDict:
        body = read_limited(stream, parser_context)
        try:
            return QueryDict(body, encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ParseError("The form is not UTF-8.") from error


class StagingMultiPartParser(BaseParser):
    """Read fields into memory within the usual limits, and stream the file to storage as a `ReceivedFile`.

    Only the view's `file_actions` take a file. There the view's `authorize_upload` decides about it by the fields
    that came before it; everywhere else the form is refused at its first file.
    """

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None
    ) -> DataAndFiles[Any, Any]:
        if not _takes_files(parser_context):
            return self._parse(stream, parser_context, RefusingUploadHandler())
        context = parser_context or {}
        request, view = context["request"], context["view"]
        parsers: list[RawNameMultiPartParser] = []
        handler = StagingUploadHandler(
            request._request, authorize=lambda name: view.authorize_upload(parsers[0].fields_so_far, name)
        )
        request._request.staging = handler
        form = self._parse(stream, context, handler, parsers)
        if (waited := handler.release()) is not None:
            form.files.appendlist(FIELD, waited)
        return form

    def _parse(
        self,
        stream: IO[Any],
        context: Context,
        handler: FileUploadHandler,
        parsers: list[RawNameMultiPartParser] | None = None,
    ) -> DataAndFiles[Any, Any]:
        counted_stream = CountedStream(stream)
        try:
            parser = RawNameMultiPartParser(
                (context or {})["request"].META, cast(Any, counted_stream), [handler], "utf-8"
            )
            if parsers is not None:
                parsers.append(parser)
            data, files = parser.parse()
        except MultiPartParserError as error:
            raise ParseError(f"The multipart body cannot be read: {error}") from error
        except FileNotExpected as error:
            raise ParseError("This endpoint does not accept a file. Send only the fields.") from error
        except DomainError:
            counted_stream.drain()
            raise
        if _is_cut(context, counted_stream.count):
            raise ParseError("The request ended before its body was complete.")
        return DataAndFiles(data, files)


class RawFileParser(BaseParser):
    """Reads a body that is the file itself into a `ReceivedFile` under `file`, as a form has it.

    Its name is in the URL, or else in the header `Content-Disposition`.
    """

    media_type = "*/*"
    chunk_bytes = 256 * 1024

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None
    ) -> DataAndFiles[Any, Any]:
        context = parser_context or {}
        request, view, length = context["request"], context["view"], _length(context)
        if not _takes_files(context):
            raise UnsupportedMediaType(request.content_type)
        handler = StagingUploadHandler(
            request._request, authorize=lambda name: view.authorize_upload(QueryDict(), name)
        )
        request._request.staging = handler
        counted_stream = CountedStream(stream)
        try:
            handler.new_file(FIELD, context["kwargs"].get("filename") or _disposed_name(request), BINARY, length)
            while chunk := counted_stream.read(min(self.chunk_bytes, length - counted_stream.count)):
                handler.receive_data_chunk(chunk, 0)
        except DomainError:
            counted_stream.drain()
            raise
        if _is_cut(context, counted_stream.count):
            raise ParseError("The request ended before its body was complete.")
        return DataAndFiles(QueryDict(), MultiValueDict({FIELD: [handler.file_complete(counted_stream.count)]}))


class RawNameMultiPartParser(DjangoMultiPartParser):
    """A multipart parser that keeps file names as sent: the hub rejects bad names, while Django would repair them.

    Names in other encodings than UTF-8 are decoded.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        stream: Any = self
        stream._input_data = Utf8Headers(stream._input_data.read, stream._boundary)

    @property
    def fields_so_far(self) -> QueryDict:
        """The fields that arrived before the part that is being read."""
        return cast(QueryDict, self._post)  # type: ignore[attr-defined]

    def sanitize_file_name(self, file_name: str) -> str:
        return decode_words(file_name)


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


def _takes_files(context: Context) -> bool:
    view = (context or {}).get("view")
    return getattr(view, "action", None) in getattr(view, "file_actions", ())


def _disposed_name(request: Any) -> str:
    """Return the file name in the header Content-Disposition.

    Raises:
        ParseError: There is none.
    """
    _, parameters = parse_header_parameters(request.headers.get("Content-Disposition", ""))
    if not (name := parameters.get("filename", "")):
        raise ParseError("The request names no file. Put the name into the URL, or into Content-Disposition.")
    return str(name)


def _is_cut(context: Context, count: int) -> bool:
    """Return whether fewer bytes arrived than declared. The server itself refuses a chunked body without its end."""
    return IS_CHUNKED not in (context or {})["request"].META and count < _length(context)


def _length(context: Context) -> int:
    """Return the declared length of the body in bytes, or more than any limit if it is unknown."""
    meta = (context or {})["request"].META
    try:
        return int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise ParseError("Content-Length is not a number.") from error
