"""The HTTP client for signed URLs of the storage, which never receives the API key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import httpx

from releasehub_cli.errors import CliError
from releasehub_cli.network import http_client, redact_url
from releasehub_cli.output import Output

STORAGE_TIMEOUT = httpx.Timeout(60.0, connect=10.0, read=300.0)  # the response to a PUT may wait for a whole part


class Storage:
    """A client for signed URLs. It does not have the API key."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._client = http_client(STORAGE_TIMEOUT)

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
