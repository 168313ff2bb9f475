"""The HTTP client of the hub, which receives the API key."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from releasehub_cli.network import http_client, is_worth_retrying, reason, unreachable
from releasehub_cli.output import Output
from releasehub_cli.responses import check_is_hub, error_of, json_object
from releasehub_cli.retrying import Backoff, is_transient, retry_after
from releasehub_cli.storage import Storage

HUB_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
MAX_REDIRECTS = 5
ACCEPT = "application/json, */*;q=0.5"  # permanent links respond with an HTML page to clients that prefer it


@dataclass(frozen=True)
class HubRequest:
    """One call of the API. With `needs_key`, the hub carries it out only once even if it arrives twice."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, Any] | None = None
    needs_key: bool = False

    def new_key(self) -> dict[str, str]:
        return {"Idempotency-Key": uuid.uuid4().hex} if self.needs_key else {}


class Hub:
    """A client for one hub that retries after temporary failures. It is thread-safe."""

    def __init__(self, url: str, key: str, *, output: Output, retries: int = 3, stop: threading.Event | None = None):
        self.url, self.key, self.output, self.retries = url, key, output, retries
        self.stop = stop or threading.Event()
        self.on_close = ExitStack()
        self._client = self.on_close.enter_context(http_client(HUB_TIMEOUT, {"Accept": ACCEPT}))

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
        return self._call(HubRequest("GET", path, params=params))

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, is_repeatable: bool = False) -> dict[str, Any]:
        """Send a POST request, as `get`.

        Args:
            path: The path below the URL of the hub.
            body: The JSON object to send.
            is_repeatable: The route itself is idempotent, so no Idempotency-Key is sent.
        """
        return self._call(HubRequest("POST", path, body=body or {}, needs_key=not is_repeatable))

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call(HubRequest("PUT", path, body=body, needs_key=True))

    def delete(self, path: str, **params: str | int) -> dict[str, Any]:
        return self._call(HubRequest("DELETE", path, params=params, needs_key=True))

    def head(self, path: str) -> httpx.Headers:
        """Return the headers that the hub states for a permanent link, even if the bytes are elsewhere.

        Raises:
            HubError: The hub refused the request.
            CliError: The network failed after all retries, or the response is not from a hub.
        """
        response = self._head(path)
        for _ in range(MAX_REDIRECTS):
            if not (path := self.redirect_within(response)):
                break
            response = self._head(path)
        if response.is_error:
            raise error_of(response, has_key=bool(self.key))
        check_is_hub(response, self.url)
        return response.headers

    def redirect_within(self, response: httpx.Response) -> str:
        """Return the path to which the hub redirects on itself, as it does after a download was renamed.

        Returns an empty string for every other response, also for a redirect with a digest: it leads to the bytes of a
        file, whose storage may have the same host name as the hub.
        """
        if not response.is_redirect or "X-Checksum-SHA256" in response.headers:
            return ""
        target, own = urlsplit(urljoin(str(response.url), response.headers["Location"])), urlsplit(self.url)
        if (target.scheme, target.netloc) != (own.scheme, own.netloc) or not target.path.startswith(f"{own.path}/"):
            return ""
        path = target.path.removeprefix(own.path)
        return f"{path}?{target.query}" if target.query else path

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Send a GET request without retries, and follow only redirects of the hub to itself.

        Raises:
            httpx.TransportError: The network failed.
        """
        request_headers = self._headers() | {"Accept-Encoding": "identity"} | dict(headers)
        for left in reversed(range(MAX_REDIRECTS + 1)):
            with self._client.stream("GET", self.url + path, headers=request_headers) as response:
                self.output.detail(f"GET {path}: {response.status_code}")
                target = self.redirect_within(response) if left else ""
                if not target:
                    yield response
                    return
                path = target

    def _head(self, path: str) -> httpx.Response:
        response = self._request_with_retries(HubRequest("HEAD", path))
        # A response to HEAD has no body that names the reason.
        return self._request_with_retries(HubRequest("GET", path)) if response.is_error else response

    def absolute(self, url: str) -> str:
        """Return the absolute form of a URL that the hub sent."""
        return urljoin(f"{self.url}/", url)

    def _call(self, request: HubRequest) -> dict[str, Any]:
        return json_object(self._request_with_retries(request), self.url, has_key=bool(self.key))

    def _request_with_retries(self, request: HubRequest) -> httpx.Response:
        """Return the first response that is not a temporary failure, or the last response.

        Raises:
            CliError: The network failed after all retries.
        """
        backoff = Backoff(self.retries, self.stop)
        once = request.new_key()
        while True:
            try:
                response = self._send(request, once)
            except httpx.TransportError as error:
                self.output.detail(f"{request.method} {request.path}: {reason(error)}")
                if backoff.is_used_up or not is_worth_retrying(error):
                    raise unreachable(self.url, error) from error
                backoff.wait()
                continue
            if not is_transient(response.status_code) or backoff.is_used_up:
                return response
            if response.status_code < 500:  # the hub stores a refusal under the old key
                once = request.new_key()
            backoff.wait(retry_after(response))

    def _send(self, request: HubRequest, headers: Mapping[str, str]) -> httpx.Response:
        started_at = time.monotonic()
        response = self._client.request(
            request.method,
            self.url + request.path,
            params=request.params or None,
            json=request.body,
            headers=self._headers() | dict(headers),
        )
        spent = time.monotonic() - started_at
        request_id = response.headers.get("X-Request-Id", "-")
        line = f"{request.method} {request.path}: {response.status_code} in {spent:.2f} s, request id {request_id}"
        self.output.detail(line)
        return response

    def _headers(self) -> dict[str, str]:
        return {"XF-Api-Key": self.key} if self.key else {}
