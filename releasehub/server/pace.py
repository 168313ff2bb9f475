"""Deadlines and a minimum rate for request bodies, so that slow clients cannot occupy the server."""

import asyncio
import time
from collections.abc import AsyncIterator

from django.conf import settings


class BodyTooSlow(TimeoutError):
    """The client sends its request body too slowly."""


class BodyIncomplete(BodyTooSlow):
    """A chunked body broke off before its last chunk, or has trailer fields: Granian reports both in the same way."""


async def paced_chunks(source: AsyncIterator[bytes], *, is_chunked: bool = False) -> AsyncIterator[bytes]:
    """Yield the chunks of a body as long as the client keeps the minimum rate and the deadlines.

    Granian ends the iteration with one empty chunk, and yields another one if it could not read the body to its end.
    With a declared length, the reader counts the bytes. Without one (`is_chunked`), only this tells that a body is cut.
    Trailer fields yield another one, too, so they are refused: a cut body must never pass as a complete one.

    Only the time spent waiting for the client counts, so clients do not fail because the hub is busy.

    Raises:
        BodyTooSlow: The client paused for too long, is below the minimum rate or exceeded the total time.
        BodyIncomplete: The last chunk of a chunked body is missing, or followed by trailer fields.
    """
    waited, received_bytes = 0.0, 0
    while True:
        # The time until the next chunk is bounded by three limits: one pause, the minimum rate so far (with one pause
        # of credit), and the total time.
        remaining_seconds = min(
            settings.BODY_STALL_SECONDS,
            settings.BODY_STALL_SECONDS + received_bytes / settings.BODY_MIN_BYTES_PER_SECOND - waited,
            settings.BODY_TOTAL_SECONDS - waited,
        )
        started = time.monotonic()
        try:
            if remaining_seconds <= 0:
                raise TimeoutError
            async with asyncio.timeout(remaining_seconds):
                chunk = await source.__anext__()  # the built-in anext() cannot cancel Granian's awaitable
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise BodyTooSlow("The request body did not arrive in time.") from None
        if not chunk:
            if is_chunked and not await _is_over(source):
                raise BodyIncomplete("The request ended before its last chunk.")
            return
        waited += time.monotonic() - started
        received_bytes += len(chunk)
        yield chunk


async def _is_over(source: AsyncIterator[bytes]) -> bool:
    try:
        await source.__anext__()
    except StopAsyncIteration:
        return True
    return False
