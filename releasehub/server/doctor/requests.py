"""Requests to URLs of the operator: the public URL and the storage.

Unlike the outbound client of the hub, they may go to any network: an internal hub has an internal URL.
"""

import queue
import socket
import threading
from dataclasses import dataclass

import urllib3

LOOKUP_SECONDS = 5.0
TIMEOUT = urllib3.Timeout(connect=3.0, read=5.0)
MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ProbeResponse:
    """The response to a request.

    Attributes:
        status: The HTTP status.
        headers: The headers, whose names ignore case.
        text: The beginning of the body.
    """

    status: int
    headers: urllib3.HTTPHeaderDict
    text: str


def resolves(host: str) -> bool:
    """Return whether the system finds an address for the host name in time. `getaddrinfo` has no timeout itself."""
    results: queue.SimpleQueue[bool] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(host, results), daemon=True).start()
    try:
        return results.get(timeout=LOOKUP_SECONDS)
    except queue.Empty:
        return False


def _look_up(host: str, results: queue.SimpleQueue[bool]) -> None:
    try:
        results.put(bool(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError):
        results.put(False)


def send(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> ProbeResponse:
    """Send a request without retries and without following redirects.

    Raises:
        urllib3.exceptions.HTTPError: The server cannot be reached or does not respond in time.
    """
    with urllib3.PoolManager(timeout=TIMEOUT, retries=False) as pool:
        answer = pool.request(method, url, headers=headers, redirect=False, preload_content=False)
        text = answer.read(MAX_BODY_BYTES).decode("utf-8", "replace")
        answer.release_conn()
        return ProbeResponse(answer.status, answer.headers, text)
