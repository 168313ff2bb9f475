"""The two parties the client talks to: the hub, which gets the key, and the storage, which never does."""

from __future__ import annotations

import re
import ssl
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx

from releasehub_cli import __version__
from releasehub_cli.errors import CliError, Exit, HubError, network
from releasehub_cli.output import Output
from releasehub_cli.retrying import Backoff, is_transient, retry_after

HUB_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
STORAGE_TIMEOUT = httpx.Timeout(60.0, connect=10.0, read=300.0)  # the answer to a PUT may wait for a whole part
ACCEPT = "application/json, */*;q=0.5"  # permanent links explain errors as pages to those who prefer them
AGAIN = "Run the same command again: it goes on where it stopped."
_LONG_WORD = re.compile(r"[^/]{49,}")
_NO_KEY = "Run `releasehub login`, or set RELEASEHUB_API_KEY."
_HINTS = {
    401: "The hub does not know this key. Make one on the hub under Account, then run `releasehub login`.",
    403: "The key or its user lacks the right. Publishing needs the scopes mc_dm_download:read and :write.",
    429: "The hub limits requests: wait a little, then run the command again.",
    507: "The hub's storage is full: tell its operator.",
}
_EXITS = {
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    408: Exit.NETWORK,
    409: Exit.CONFLICT,
    410: Exit.NOT_FOUND,
    412: Exit.CONFLICT,
    429: Exit.NETWORK,
    507: Exit.FAILED,
}


class Hub:
    """Requests under one hub's address, repeated where that may help. Safe to use from several threads."""

    def __init__(self, url: str, key: str, *, output: Output, retries: int = 3, stop: threading.Event | None = None):
        self.url, self.key, self.output, self.retries = url, key, output, retries
        self.stop = stop or threading.Event()
        self.on_close = ExitStack()
        self._client = self.on_close.enter_context(
            httpx.Client(timeout=HUB_TIMEOUT, headers={"User-Agent": _agent(), "Accept": ACCEPT})
        )

    def close(self) -> None:
        """And with it the storages that serve it."""
        self.on_close.close()

    def storage(self) -> Storage:
        return self.on_close.enter_context(Storage(self.output))

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The JSON object of the answer.  Errors: HubError; network after retries."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, is_repeatable: bool = False) -> dict[str, Any]:
        """`is_repeatable`: the route itself makes sure of one effect, so no Idempotency-Key is sent."""
        return self._call("POST", path, body=body or {}, needs_key=not is_repeatable)

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("PUT", path, body=body, needs_key=True)

    def delete(self, path: str, **params: str | int) -> dict[str, Any]:
        return self._call("DELETE", path, params=params, needs_key=True)

    def head(self, path: str) -> httpx.Headers:
        """Of the hub's own answer, also when that is a redirect.  Errors: HubError; network after retries."""
        response = self._tried("HEAD", path)
        if response.is_error:
            response = self._tried("GET", path)  # says why, which HEAD cannot
        if response.is_error:
            raise self.error_of(response)
        return response.headers

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """One GET, not repeated; a redirect is not followed.  Errors: httpx.TransportError."""
        given = self._headers() | {"Accept-Encoding": "identity"} | dict(headers)
        with self._client.stream("GET", self.url + path, headers=given) as response:
            self.output.detail(f"GET {path}: {response.status_code}")
            yield response

    def absolute(self, url: str) -> str:
        """An address as the hub gave it, relative to the hub."""
        return urljoin(f"{self.url}/", url)

    def error_of(self, response: httpx.Response) -> HubError:
        """What the hub says is wrong; works for pages and empty answers too."""
        code, message = _first_error(response)
        if message == "":
            message = f"The hub answered {response.status_code} {response.reason_phrase}".rstrip() + "."
        status = response.status_code
        exit_code = _EXITS.get(status, Exit.NETWORK if status >= 500 else Exit.FAILED)
        hint = _HINTS.get(status, "")
        if code == "no_api_key_in_request" or (status in {401, 403, 404} and not self.key):
            exit_code = exit_code if status == 404 else Exit.NOT_ALLOWED
            hint = _NO_KEY if status != 404 else f"It may be private: {_NO_KEY[0].lower()}{_NO_KEY[1:]}"
        request_id = response.headers.get("X-Request-Id", "")
        return HubError(status, message, code=code, exit_code=exit_code, hint=hint, request_id=request_id)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        needs_key: bool = False,
    ) -> dict[str, Any]:
        return self._answer(self._tried(method, path, params=params, body=body, needs_key=needs_key))

    def _tried(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        needs_key: bool = False,
    ) -> httpx.Response:
        """The first answer that is worth something, or the last one.  Errors: network."""
        backoff = Backoff(self.retries, self.stop)
        once = {"Idempotency-Key": uuid.uuid4().hex} if needs_key else {}
        while True:
            try:
                response = self._send(method, path, params, body, once)
            except httpx.TransportError as error:
                self.output.detail(f"{method} {path}: {reason(error)}")
                if backoff.is_used_up or not may_pass(error):
                    raise unreachable(self.url, error) from error
                backoff.wait()
                continue
            if not is_transient(response.status_code) or backoff.is_used_up:
                return response
            if response.status_code < 500:
                once = {"Idempotency-Key": uuid.uuid4().hex} if needs_key else {}  # a refusal is kept under the old one
            backoff.wait(retry_after(response))

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        began = time.monotonic()
        response = self._client.request(
            method, self.url + path, params=params or None, json=body, headers=self._headers() | dict(headers)
        )
        spent = time.monotonic() - began
        request_id = response.headers.get("X-Request-Id", "-")
        self.output.detail(f"{method} {path}: {response.status_code} in {spent:.2f} s, request id {request_id}")
        return response

    def _headers(self) -> dict[str, str]:
        return {"XF-Api-Key": self.key} if self.key else {}

    def _answer(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_redirect:
            raise CliError(
                f"The hub sends elsewhere: {bare(response.headers.get('Location', ''))}",
                code="moved",
                hint="Use that address as --url or RELEASEHUB_URL. The key is not sent along.",
            )
        if not response.is_success:
            raise self.error_of(response)
        try:
            data = response.json()
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise CliError(f"What answers at {self.url} is no hub.", code="no_hub", hint="Check --url.")
        return data


class Storage:
    """Signed addresses. It has no key to send."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._client = httpx.Client(timeout=STORAGE_TIMEOUT, headers={"User-Agent": _agent()})

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._client.close()

    def put(self, url: str, headers: Mapping[str, str], content: Iterable[bytes]) -> httpx.Response:
        """The body goes as it is read.  Errors: httpx.TransportError."""
        response = self._client.put(url, headers=dict(headers), content=content)
        self.output.detail(f"PUT {bare(url)}: {response.status_code}")
        return response

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """One GET that follows redirects.  Errors: httpx.TransportError, CliError."""
        given = {"Accept-Encoding": "identity"} | dict(headers)
        try:
            with self._client.stream("GET", url, headers=given, follow_redirects=True) as response:
                self.output.detail(f"GET {bare(url)}: {response.status_code}")
                yield response
        except httpx.TooManyRedirects as error:
            raise CliError(f"{bare(url)} leads in circles.", code="redirects") from error


def bare(url: str) -> str:
    """Without query, user and long words in the path: what is signed must not show up in a log."""
    parts = urlsplit(url)
    path = _LONG_WORD.sub("…", parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}" if parts.netloc else path


def reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def may_pass(error: BaseException | None) -> bool:
    """Whether trying again makes sense: a certificate stays wrong."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | httpx.UnsupportedProtocol):
            return False
        error = error.__cause__ or error.__context__
    return True


def unreachable(url: str, error: httpx.TransportError) -> CliError:
    return network(f"{bare(url)} cannot be reached: {reason(error)}.", f"Check the address and the network. {AGAIN}")


def _agent() -> str:
    return f"releasehub-cli/{__version__}"


def _first_error(response: httpx.Response) -> tuple[str, str]:
    """(code, message) of the API's envelope, several messages joined, or of an error page as JSON."""
    code = f"http_{response.status_code}"
    try:
        data = response.json()
        if "errors" not in data:
            return code, str(data["message"])
        entries = data["errors"]
        messages = [str(entry["message"]) for entry in entries]
        return str(entries[0]["code"]), " ".join(messages)
    except (ValueError, KeyError, TypeError, IndexError, httpx.StreamError):
        return code, ""
