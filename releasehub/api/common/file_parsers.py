"""Parsers of bodies with a file, which is streamed to storage."""

from __future__ import annotations

from typing import IO, Any, cast

from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser, DataAndFiles

from files.uploads.handlers import FIELD, FileNotExpected, RefusingUploadHandler, StagingUploadHandler
from releasehub.api.common.parsers import Context, CountedStream, declared_length, is_cut, takes_files
from releasehub.api.common.part_headers import Utf8Headers, decode_words
from releasehub.core.errors import DomainError

BINARY = "application/octet-stream"


class StagingMultiPartParser(BaseParser):
    """Read fields into memory within the usual limits, and stream the file to storage as a `ReceivedFile`.

    Only the view's `file_actions` take a file. There the view's `authorize_upload` decides about it by the fields
    that came before it; everywhere else the form is refused at its first file.
    """

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None
    ) -> DataAndFiles[Any, Any]:
        if not takes_files(parser_context):
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
        if is_cut(context, counted_stream.count):
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
        request, view, length = context["request"], context["view"], declared_length(context)
        if not takes_files(context):
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
        if is_cut(context, counted_stream.count):
            raise ParseError("The request ended before its body was complete.")
        return DataAndFiles(QueryDict(), MultiValueDict({FIELD: [handler.file_complete(counted_stream.count)]}))


class RawNameMultiPartParser(DjangoMultiPartParser):
    """A multipart parser that keeps file names as sent: the hub rejects bad names, while Django would repair them.

    Names in other encodings than UTF-8 are decoded.
    """

    def __init__(self, meta: dict[str, Any], *args: Any) -> None:
        # Django knows the media type in small letters only.
        media_type, separator, parameters = meta.get("CONTENT_TYPE", "").partition(";")
        super().__init__(meta | {"CONTENT_TYPE": f"{media_type.lower()}{separator}{parameters}"}, *args)
        stream: Any = self
        stream._input_data = Utf8Headers(stream._input_data.read, stream._boundary)

    @property
    def fields_so_far(self) -> QueryDict:
        """The fields that arrived before the part that is being read."""
        return cast(QueryDict, self._post)  # type: ignore[attr-defined]

    def sanitize_file_name(self, file_name: str) -> str:
        return decode_words(file_name)


def _disposed_name(request: Any) -> str:
    """Return the file name in the header Content-Disposition."""
    try:
        _, parameters = parse_header_parameters(request.headers.get("Content-Disposition", ""))
    except ValueError as error:  # an unknown charset, for example
        raise ParseError(
            "The header Content-Disposition cannot be read. Put the name of the file into the URL."
        ) from error
    if not (name := parameters.get("filename", "")):
        raise ParseError("The request names no file. Put the name into the URL, or into Content-Disposition.")
    return str(name)
