"""Requests to a source over HTTP: the token stays with its host, and the limits of the host are respected."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import reduce
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import orjson

from releasehub.importing.sources.base import OpenedAsset, SourceRefused, SourceUnavailable
from releasehub.outbound.client import fetch, send
from releasehub.outbound.failures import InvalidUrl, Refused, Unreachable
from releasehub.outbound.responses import StreamedResponse
from releasehub.outbound.urls import parse_target

LIST_SECONDS = 45.0  # less than the lease of a run, which is extended between two pages
FILE_SECONDS = 6 * 3600.0
MAX_LIST_BYTES = 32 * 1024 * 1024
MAX_LIST_VALUES = 2_000_000  # each takes up to 100 bytes of memory, even if it has only two in the body
CHUNK_BYTES = 64 * 1024
MAX_REDIRECTS = 3
MAX_WAIT_SECONDS = 6 * 3600.0
_NEXT = re.compile(r'<([^<>]+)>\s*;[^<>]*\brel="?next"?', re.IGNORECASE)
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})")


class SourceHttp:
    """A client for one source.

    The headers with the secret are only sent to the host of `base_url`. A redirect to another host drops them.
    """

    def __init__(self, base_url: str, *, secret_headers: Mapping[str, str] | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self._origin = _origin_of(self.base_url)
        self._secret_headers = dict(secret_headers or {})
        self.before_request: Callable[[], None] = lambda: None

    def get_json(self, url: str, *, accept: str = "application/json") -> tuple[Any, Mapping[str, str]]:
        """Return the parsed body and the headers.

        Raises:
            SourceUnavailable: The source does not answer, or asks to wait.
            SourceRefused: The source refuses the request, or does not answer with JSON.
        """
        self.before_request()
        with _translated():
            answer = send(
                "GET",
                url,
                headers=self._headers(url, accept),
                follow_redirects=MAX_REDIRECTS,
                read_limit=MAX_LIST_BYTES,
                total_seconds=LIST_SECONDS,
            )
        check_status(answer.status, answer.headers, self._without_secrets(answer.body[:2000]))
        if answer.is_truncated:
            raise SourceRefused(f"The source sends a list of more than {MAX_LIST_BYTES} bytes, which is too long.")
        if sum(map(answer.body.count, (b",", b"[", b"{"))) > MAX_LIST_VALUES:
            raise SourceRefused(f"The source sends a list with more than {MAX_LIST_VALUES} values, which is too long.")
        try:
            return orjson.loads(answer.body), answer.headers
        except orjson.JSONDecodeError:
            raise SourceRefused("The source does not answer with JSON. Check the URL of its API.") from None

    @contextmanager
    def open(self, url: str, *, start: int = 0, sends_token: bool = False) -> Iterator[OpenedAsset]:
        """Open a file, from byte `start` on if the source answers ranges.

        Args:
            sends_token: See `SourceAsset`. Even then, no other host gets the token.

        Raises:
            SourceUnavailable: The source does not answer, or asks to wait.
            SourceRefused: The source refuses the request.
        """
        plain = {"Accept": "application/octet-stream", "User-Agent": "ReleaseHub"}
        headers = self._headers(url, plain["Accept"]) if sends_token else plain
        headers |= {"Range": f"bytes={start}-"} if start else {}
        with _translated(), fetch(url, headers=headers, total_seconds=FILE_SECONDS, chunk_bytes=CHUNK_BYTES) as answer:
            is_shorter = bool(start) and answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            if not is_shorter:
                check_status(answer.status, answer.headers, b"")
                yield _opened(answer)
        if is_shorter:  # the file has changed, and ends before `start`
            with self.open(url, sends_token=sends_token) as opened:
                yield opened

    def _without_secrets(self, body: bytes) -> bytes:
        """Return the body of an error without the token, because the team sees the message that is in it."""
        words = [word for value in self._secret_headers.values() for word in value.split()]
        return reduce(lambda text, word: text.replace(word.encode(), b"***"), words, body)

    def _headers(self, url: str, accept: str) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": "ReleaseHub"}
        return headers | self._secret_headers if _origin_of(url) == self._origin else headers


def path_below(base_url: str, url: str) -> str:
    """Return the path and query of a URL below a base URL, or an empty string if it is elsewhere."""
    try:
        base, target = parse_target(base_url), parse_target(url)
    except InvalidUrl:
        return ""
    place = base.path.rstrip("/")
    is_same_host = (base.scheme, base.authority) == (target.scheme, target.authority)
    is_below = is_same_host and target.path.startswith(f"{place}/")
    parts = unquote(target.path).replace("\\", "/").split("/")
    return target.path.removeprefix(place) if is_below and {".", ".."}.isdisjoint(parts) else ""


def next_page(headers: Mapping[str, str]) -> str:
    """Return the URL of the next page that a `Link` header names, or an empty string."""
    match = _NEXT.search(headers.get("Link", ""))
    return match[1] if match else ""


def check_status(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise the error that a status stands for.

    Raises:
        SourceUnavailable: The source asks to wait, or fails at the moment.
        SourceRefused: The source refuses the request.
    """
    if status in {200, 206}:
        return
    wait = _wait_seconds(headers)
    if status == 429 or (status == 403 and wait is not None):
        raise SourceUnavailable("The source limits the number of requests.", wait_seconds=wait)
    if status == 401:
        raise SourceRefused("The source refuses the token (status 401). Enter a token that is valid there.")
    if status == 403:
        raise SourceRefused("The source does not let this token read the releases (status 403). Use another token.")
    if status in {404, 410, 451}:
        raise SourceRefused(
            f"The source has nothing at this address, or hides it without a token that may read it (status {status})."
        )
    if status >= 500 or status == 408:
        raise SourceUnavailable(f"The source fails at the moment (status {status}).", wait_seconds=wait)
    raise SourceRefused(f"The source answers with status {status}{_message_of(body)}.")


def _wait_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long the source asks to wait, or None if it does not ask.

    Sources: RFC 9110 section 10.2.3 (Retry-After), and the rate limit headers of the GitHub REST API.
    """
    if (seconds := _retry_after(headers.get("Retry-After", ""))) is not None:
        return min(max(seconds, 1.0), MAX_WAIT_SECONDS)
    remaining, reset = headers.get("X-RateLimit-Remaining", ""), headers.get("X-RateLimit-Reset", "")
    if remaining.strip() == "0" and reset.strip().isdecimal() and len(reset) < 12:
        return min(max(float(reset) - time.time(), 1.0), MAX_WAIT_SECONDS)
    return None


def _retry_after(text: str) -> float | None:
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _message_of(body: bytes) -> str:
    """Return the message in the error body of an API as the end of a sentence."""
    try:
        message = orjson.loads(body)["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return f": {message[:200]}" if isinstance(message, str) and message.isprintable() else ""


def _opened(answer: StreamedResponse) -> OpenedAsset:
    etag = answer.headers.get("ETag", "")[:200]
    etag = etag if etag.isprintable() else ""
    if answer.status == 206 and (match := _RANGE.fullmatch(answer.headers.get("Content-Range", ""))):
        return OpenedAsset(answer.chunks(), int(match[1]), int(match[2]), etag)
    if answer.status == 206:
        raise SourceRefused("The source answers a range request without saying which range it sends.")
    length = answer.headers.get("Content-Length", "")
    return OpenedAsset(answer.chunks(), 0, int(length) if length.isdecimal() and len(length) < 19 else None, etag)


def _origin_of(url: str) -> tuple[str, str, int] | None:
    try:
        target = parse_target(url)
    except InvalidUrl:
        return None
    return target.scheme, target.host, target.port


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise SourceRefused(error.reason) from None
    except Unreachable as error:
        raise SourceUnavailable(error.reason) from None
