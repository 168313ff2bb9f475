"""The views behind the signed URLs of the hub: they receive parts of uploads and send files."""

from typing import IO, Any, cast

from django.http import HttpRequest, HttpResponseBase, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from files.storage import blob_storage
from files.storage.signing import BadSignature, read_content_token, read_token
from files.uploads.ending import drop_late_part
from files.uploads.handlers import takes_files
from files.uploads.parts import note_activity
from files.uploads.sessions import find_receiver, may_still_upload
from releasehub.api.common.envelope import hub_envelope
from releasehub.api.common.problem_kinds import ProblemKind
from releasehub.api.common.problems import Problem, problems_of
from releasehub.core.errors import DomainError
from releasehub.core.requests import IS_CHUNKED
from releasehub.distribution.delivery import serve_signed


def error_response(status: int, code: str, message: str) -> JsonResponse:
    """Return an error as the response of a plain Django view."""
    return hub_envelope.answer(Problem(ProblemKind.OTHER, message, code=code, status=status))


@takes_files
@csrf_exempt
def receive_part(request: HttpRequest, token: str) -> HttpResponseBase:
    """Receive one part of an upload (PUT). The signed URL is the permission, as long as its user may upload."""
    if request.method != "PUT":
        return hub_envelope.no_route(request)
    try:
        part = read_token(token)
    except BadSignature as error:
        return error_response(403, "address_refused", str(error))
    is_chunked = IS_CHUNKED in request.META  # then the storage counts the bytes while they arrive
    size = part.size_bytes if is_chunked else _declared_length(request)
    if size is None or not (size <= part.size_bytes if part.is_open_ended else size == part.size_bytes):
        amount = "at most" if part.is_open_ended else "exactly"
        return error_response(400, "length_differs", f"Send {amount} {part.size_bytes} bytes.")
    upload = find_receiver(part.key)
    if upload is None:
        return error_response(409, "upload_state", "This upload accepts no further parts.")
    if not may_still_upload(upload):
        return error_response(403, "address_refused", "The user for whom this URL was signed may no longer upload.")
    try:
        stream = cast("IO[bytes]", request if is_chunked else _Body(request))
        is_limit = is_chunked and part.is_open_ended
        digests = {"sha256": part.sha256, "md5": part.md5}
        blob_storage().receive_part(part.key, part.number, stream, size, **digests, is_limit=is_limit)
    except DomainError as error:
        return hub_envelope.answer(problems_of(error)[0])
    except UnreadablePostError:
        # Only the last chunk tells that a chunked body is complete, so nothing may be stored without it.
        return error_response(400, "incomplete", "The request ended before its body was complete. Send the part again.")
    if drop_late_part(upload):
        return error_response(409, "upload_state", "This upload ended before the part was complete.")
    note_activity(upload)
    return JsonResponse({"success": True})


def _declared_length(request: HttpRequest) -> int | None:
    """Return the Content-Length in bytes, or None if the length is unknown."""
    text = request.headers.get("Content-Length", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and "Transfer-Encoding" not in request.headers else None


def send_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send a file (GET). The signed URL is the permission; it becomes invalid when the file is deleted."""
    if request.method not in {"GET", "HEAD"}:
        return hub_envelope.no_route(request)
    try:
        return serve_signed(request, *read_content_token(token))
    except BadSignature as error:
        return error_response(403, "address_refused", str(error))
    except DomainError as error:
        return hub_envelope.answer(problems_of(error)[0])


class _Body:
    """A body of declared length as a stream that ends early if the client disconnects."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def read(self, size: int) -> Any:
        try:
            return self.request.read(size)
        except OSError:
            return b""
