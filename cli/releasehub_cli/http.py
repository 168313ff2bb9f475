"""The HTTP clients of the hub, which receives the API key, and of the storage, which never does."""

from __future__ import annotations

import re
import ssl
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx

from releasehub_cli import __version__
from releasehub_cli.errors import CliError, Exit, HubError, network
from releasehub_cli.output import Output
from releasehub_cli.retrying import Backoff, is_transient, retry_after

HUB_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
STORAGE_TIMEOUT = httpx.Timeout(60.0, connect=10.0, read=300.0)  # the response to a PUT may wait for a whole part
ACCEPT = "application/json, */*;q=0.5"  # permanent links respond with an HTML page to clients that prefer it
RUN_AGAIN = "Run the same command again to resume."
_LONG_WORD = re.compile(r"[^/]{49,}")
_NO_KEY = "Run `releasehub login`, or set RELEASEHUB_API_KEY."
_HINTS = {
    401: "The hub does not know this key. Create a key on your account page of the hub, then run `releasehub login`.",
    403: "The key or its user lacks a permission. Publishing requires the scopes mc_dm_download:read and :write.",
    429: "The hub limits the rate of requests. Wait a minute, then run the command again.",
    507: "The storage of the hub is full. Tell its operator.",
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


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings of all clients. Loading the certificates takes longer than most requests."""
    return httpx.create_ssl_context()


class Hub:
    """A client for one hub that retries after temporary failures. It is thread-safe."""

    def __init__(self, url: str, key: str, *, output: Output, retries: int = 3, stop: threading.Event | None = None):
        self.url, self.key, self.output, self.retries = url, key, output, retries
        self.stop = stop or threading.Event()
        self.on_close = ExitStack()
        self._client = self.on_close.enter_context(
            httpx.Client(verify=tls_context(), timeout=HUB_TIMEOUT, headers={"User-Agent": _agent(), "Accept": ACCEPT})
        )

    def close(self) -> None:
        """Close this client and the storage clients that it made."""
        self.on_close.close()

    def storage(self) -> Storage:
        return self.on_close.enter_context(Storage(self.output))

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """Return the JSON object that the hub responds with.

        Raises:
            HubError: The hub refused the request.
            CliError: The network failed after all retries.
        """
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, is_repeatable: bool = False) -> dict[str, Any]:
        """Send a POST request, as `get`.

        Args:
            path: The path below the URL of the hub.
            body: The JSON object to send.
            is_repeatable: The route itself is idempotent, so no Idempotency-Key is sent.
        """
        return self._call("POST", path, body=body or {}, needs_key=not is_repeatable)

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("PUT", path, body=body, needs_key=True)

    def delete(self, path: str, **params: str | int) -> dict[str, Any]:
        return self._call("DELETE", path, params=params, needs_key=True)

    def head(self, path: str) -> httpx.Headers:
        """Return the headers of the hub's own response, even if it is a redirect.

        Raises:
            HubError: The hub refused the request.
            CliError: The network failed after all retries.
        """
        response = self._request_with_retries("HEAD", path)
        if response.is_error:
            response = self._request_with_retries("GET", path)  # a response to HEAD has no body that names the reason
        if response.is_error:
            raise self.error_of(response)
        return response.headers

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Send one GET request without retries and without following redirects.

        Raises:
            httpx.TransportError: The network failed.
        """
        request_headers = self._headers() | {"Accept-Encoding": "identity"} | dict(headers)
        with self._client.stream("GET", self.url + path, headers=request_headers) as response:
            self.output.detail(f"GET {path}: {response.status_code}")
            yield response

    def absolute(self, url: str) -> str:
        """Return the absolute form of a URL that the hub sent."""
        return urljoin(f"{self.url}/", url)

    def error_of(self, response: httpx.Response) -> HubError:
        """Return the error that a response of the hub describes. HTML pages and empty responses work, too."""
        code, message = _first_error(response)
        if message == "":
            message = f"The hub responded with {response.status_code} {response.reason_phrase}".rstrip() + "."
        status = response.status_code
        exit_code = _EXITS.get(status, Exit.NETWORK if status >= 500 else Exit.FAILED)
        hint = _HINTS.get(status, "")
        if code == "no_api_key_in_request" or (status in {401, 403, 404} and not self.key):
            exit_code = exit_code if status == 404 else Exit.NOT_ALLOWED
            hint = _NO_KEY if status != 404 else f"It may be private. {_NO_KEY}"
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
        return self._answer(self._request_with_retries(method, path, params=params, body=body, needs_key=needs_key))

    def _request_with_retries(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        needs_key: bool = False,
    ) -> httpx.Response:
        """Return the first response that is not a temporary failure, or the last response.

        Raises:
            CliError: The network failed after all retries.
        """
        backoff = Backoff(self.retries, self.stop)

        def new_key() -> dict[str, str]:
            return {"Idempotency-Key": uuid.uuid4().hex} if needs_key else {}

        once = new_key()
        while True:
            try:
                response = self._send(method, path, params, body, once)
            except httpx.TransportError as error:
                self.output.detail(f"{method} {path}: {reason(error)}")
                if backoff.is_used_up or not is_worth_retrying(error):
                    raise unreachable(self.url, error) from error
                backoff.wait()
                continue
            if not is_transient(response.status_code) or backoff.is_used_up:
                return response
            if response.status_code < 500:  # the hub stores a refusal under the old key
                once = new_key()
            backoff.wait(retry_after(response))

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        started_at = time.monotonic()
        response = self._client.request(
            method, self.url + path, params=params or None, json=body, headers=self._headers() | dict(headers)
        )
        spent = time.monotonic() - started_at
        request_id = response.headers.get("X-Request-Id", "-")
        self.output.detail(f"{method} {path}: {response.status_code} in {spent:.2f} s, request id {request_id}")
        return response

    def _headers(self) -> dict[str, str]:
        return {"XF-Api-Key": self.key} if self.key else {}

    def _answer(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_redirect:
            raise CliError(
                f"The hub redirects to {redact_url(response.headers.get('Location', ''))}.",
                code="moved",
                hint="Set --url or RELEASEHUB_URL to that URL. The key was not sent there.",
            )
        if not response.is_success:
            raise self.error_of(response)
        try:
            data = response.json()
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise CliError(f"The server at {self.url} is not a ReleaseHub.", code="no_hub", hint="Check --url.")
        return data


class Storage:
    """A client for signed URLs. It does not have the API key."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._client = httpx.Client(verify=tls_context(), timeout=STORAGE_TIMEOUT, headers={"User-Agent": _agent()})

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._client.close()

    def put(self, url: str, headers: Mapping[str, str], content: Iterable[bytes]) -> httpx.Response:
        """Send the body while it is read.

        Raises:
            httpx.TransportError: The network failed.
        """
        response = self._client.put(url, headers=dict(headers), content=content)
        self.output.detail(f"PUT {redact_url(url)}: {response.status_code}")
        return response

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Send one GET request that follows redirects.

        Raises:
            httpx.TransportError: The network failed.
            CliError: The redirects form a loop.
        """
        request_headers = {"Accept-Encoding": "identity"} | dict(headers)
        try:
            with self._client.stream("GET", url, headers=request_headers, follow_redirects=True) as response:
                self.output.detail(f"GET {redact_url(url)}: {response.status_code}")
                yield response
        except httpx.TooManyRedirects as error:
            raise CliError(f"{redact_url(url)} redirects in a loop.", code="redirects") from error


def redact_url(url: str) -> str:
    """Return the URL without query, user and long path segments, because signatures must not appear in a log."""
    parts = urlsplit(url)
    path = _LONG_WORD.sub("…", parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}" if parts.netloc else path


def reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def is_worth_retrying(error: BaseException | None) -> bool:
    """Return whether a retry may succeed. An invalid certificate stays invalid."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | httpx.UnsupportedProtocol):
            return False
        error = error.__cause__ or error.__context__
    return True


def unreachable(url: str, error: httpx.TransportError) -> CliError:
    return network(f"Cannot reach {redact_url(url)}: {reason(error)}.", f"Check the URL and the network. {RUN_AGAIN}")


def _agent() -> str:
    return f"releasehub-cli/{__version__}"


def _first_error(response: httpx.Response) -> tuple[str, str]:
    """Return the code of the first error and the joined messages of a JSON error response."""
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
