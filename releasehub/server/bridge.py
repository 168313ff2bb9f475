"""A Granian RSGI application that runs a WSGI application in such a way that slow clients do not block threads.

Granian's WSGI interface reads a body in the thread that handles the request, without a deadline: eight requests whose
bodies never arrive block eight threads forever. Here the event loop receives bodies and sends files:

- A body of up to `BUFFERED_BYTES` is received before a thread sees the request.
- A larger one is received while the application reads it, in threads that are reserved for such requests. A chunked
  body counts as larger from the first byte above the limit.
- Stored files are sent by Granian from their path, without a thread.

A request that would have to wait too long for a thread is refused, in a thread of its own, so that the refusal does not
wait either.
"""

import asyncio
import io
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from releasehub.core.database_errors import RETRY_AFTER_SECONDS
from releasehub.core.requests import IS_CHUNKED
from releasehub.server.bodies import StreamedBody, chained, discard
from releasehub.server.connections import ConnectionWatch, watch_connections
from releasehub.server.environ import CHUNKED, environ_of, peer_of, with_known_length, with_unknown_length
from releasehub.server.lanes import Overloaded, RequestLane
from releasehub.server.pace import BodyIncomplete, BodyTooSlow, paced_chunks
from releasehub.server.refusals import REFUSAL, Refusal, refusal_environ
from releasehub.server.sockets import Peer
from releasehub.server.spool import Headers, send_spooled

BUFFERED_BYTES = 64 * 1024
FILE_OPENED_SECONDS = 60.0
log = logging.getLogger(__name__)


class Bridge:
    """An RSGI application that runs `application` in threads.

    `threads` threads handle ordinary requests. `upload_threads` more threads handle requests with a large body, so slow
    uploads cannot block ordinary requests. Up to `max_waiting` requests wait for a thread, each up to
    `max_wait_seconds`.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        *,
        threads: int,
        upload_threads: int,
        max_waiting: int,
        max_wait_seconds: float,
        address_of: Callable[[dict[str, Any]], str],
        is_proxy: Callable[[str], bool],
    ) -> None:
        self.application = application
        self.address_of = address_of
        self.max_uploads = upload_threads
        self.max_uploads_of_one_address = max(1, upload_threads // 2)
        self.uploads: Counter[str] = Counter()
        self.answering: Counter[Peer] = Counter()
        self.watch = ConnectionWatch(self.answering.__contains__, is_proxy)
        self.requests = RequestLane("request", threads=threads, max_waiting=max_waiting, max_seconds=max_wait_seconds)
        self.streams = RequestLane(
            "upload", threads=upload_threads, max_waiting=max_waiting, max_seconds=max_wait_seconds
        )
        # Granian limits the connections of a process, and each of them has at most one refusal.
        self.refusals = RequestLane("refusal", threads=1, max_waiting=10_000, max_seconds=max_wait_seconds)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the background work of this web process. Granian calls this before the first request."""
        # The loop keeps weak references only, so a task that nothing else refers to may disappear.
        self.watcher = loop.create_task(watch_connections(self.watch))

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        peer = peer_of(scope)
        self.answering[peer] += 1  # the next request of a connection may be here before this coroutine ends
        try:
            await self._answer(environ_of(scope), proto)
        finally:
            release(self.answering, peer)

    async def _answer(self, environ: dict[str, Any], proto: Any) -> None:
        length = body_length(environ)
        is_chunked = CHUNKED in environ
        chunks = paced_chunks(aiter(proto), is_chunked=is_chunked) if length or is_chunked else None
        if chunks is not None and length > BUFFERED_BYTES and not is_chunked:
            await self._answer_upload(environ, proto, chunks, b"")
        elif chunks is not None:
            await self._answer_buffered(environ, proto, chunks)
        else:
            environ["wsgi.input"] = io.BytesIO()
            await self._run(self.requests, environ, proto)

    async def _answer_buffered(self, environ: dict[str, Any], proto: Any, chunks: AsyncIterator[bytes]) -> None:
        body = bytearray()
        try:
            async for chunk in chunks:
                body += chunk
                if len(body) > BUFFERED_BYTES:
                    environ = with_unknown_length(environ) if CHUNKED in environ else environ
                    return await self._answer_upload(environ, proto, chunks, bytes(body))
        except BodyTooSlow as failure:
            return await self._refuse(environ, proto, refusal_of(failure))
        if CHUNKED in environ:
            environ = with_known_length(environ, len(body))
        environ["wsgi.input"] = io.BytesIO(body)
        return await self._run(self.requests, environ, proto)

    async def _answer_upload(
        self, environ: dict[str, Any], proto: Any, chunks: AsyncIterator[bytes], head: bytes
    ) -> None:
        address = self.address_of(environ)
        is_full = self.uploads.total() >= self.max_uploads
        if is_full or self.uploads[address] >= self.max_uploads_of_one_address:
            await self._refuse(environ, proto, Refusal.TOO_MANY_UPLOADS)
            return await discard(chunks)
        self.uploads[address] += 1
        length = None if IS_CHUNKED in environ else body_length(environ)
        received = chained(head, chunks)
        body = StreamedBody(received, asyncio.get_running_loop(), length)
        environ["wsgi.input"] = io.BufferedReader(body, BUFFERED_BYTES)
        try:
            await self._run(self.streams, environ, proto, body)
        finally:
            body.stop()
            release(self.uploads, address)
        if body.is_untouched:
            await discard(received)
        return None

    async def _refuse(self, environ: dict[str, Any], proto: Any, refusal: Refusal) -> None:
        await self._run(self.refusals, refusal_environ(environ, refusal), proto)

    async def _run(
        self, lane: RequestLane, environ: dict[str, Any], proto: Any, body: StreamedBody | None = None
    ) -> None:
        try:
            open_file = await lane.run(self._respond, environ, proto, body)
        except Overloaded:
            if lane is self.refusals:
                proto.response_empty(503, [("retry-after", str(RETRY_AFTER_SECONDS))])
                return None
            return await self._refuse(environ, proto, Refusal.OVERLOADED)
        if open_file is not None:  # Granian opens the file by its path shortly after the response was sent
            asyncio.get_running_loop().call_later(FILE_OPENED_SECONDS, open_file.close)
        return None

    def _respond(self, environ: dict[str, Any], proto: Any, body: StreamedBody | None) -> Any:
        """Run the application and send its response.

        Return the temporary file of a large response, if there is one. The caller closes it after Granian opened it.
        """
        started: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers, exc_info: Any = None) -> None:
            started.append((int(status.split(" ", 1)[0]), headers))

        result: Any = self.application(environ, start_response)
        try:
            # The application may have turned the read error into any response. The client gets the reason in any case.
            if body is not None and body.failure is not None:
                return self._respond(refusal_environ(environ, refusal_of(body.failure)), proto, None)
            status, headers = started[-1]
            if closes_connection(environ, body):
                headers.append(("connection", "close"))
            if (span := getattr(result, "local_span", None)) is not None and span.length:
                return proto.response_file_range(status, headers, span.path, span.start, span.start + span.length)
            if not getattr(result, "streaming", False):
                return proto.response_bytes(status, headers, b"".join(result))
            try:
                return send_spooled(proto, status, headers, result)
            except OSError:  # TMPDIR is full
                log.exception("A large response could not be prepared.")
                return self._respond(refusal_environ(environ, Refusal.OVERLOADED), proto, None)
        finally:
            if hasattr(result, "close"):
                result.close()


def closes_connection(environ: dict[str, Any], body: StreamedBody | None) -> bool:
    """Return whether a part of the body stays unread, so that the connection cannot carry another request.

    Granian closes such a connection, but does not always say so, and the next request of the client would fail.
    """
    if body is not None:
        return not body.is_read
    return environ.get(REFUSAL) in {Refusal.TOO_SLOW, Refusal.INCOMPLETE, Refusal.TOO_MANY_UPLOADS} or (
        environ.get(REFUSAL) is Refusal.OVERLOADED and body_length(environ) > BUFFERED_BYTES
    )


def body_length(environ: dict[str, Any]) -> int:
    text = environ.get("CONTENT_LENGTH", "")
    return int(text[:20]) if text.isdigit() else 0


def refusal_of(failure: BodyTooSlow) -> Refusal:
    return Refusal.INCOMPLETE if isinstance(failure, BodyIncomplete) else Refusal.TOO_SLOW


def release(counters: Counter[Any], name: Any) -> None:
    """Decrement the count, and remove the entry at zero, so that the counter does not grow with every client."""
    counters[name] -= 1
    if not counters[name]:
        del counters[name]
