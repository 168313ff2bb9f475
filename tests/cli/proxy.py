"""A proxy in front of a live hub: it records every request, and breaks those that a test has chosen.

It listens on two ports. The second port is another origin, which stands for a storage: it must never get the API key.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

PART = r"/api/uploads/content/.*"
PART_BYTES = 64 * 1024
OWN_HEADERS = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
STORAGE_TAG = "storage-"  # the ETag of the storage for the same bytes differs from that of the hub


@dataclass
class Seen:
    server: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Proxy:
    """Two servers that pass requests on to one hub.

    Attributes:
        accepted: How often the hub stored a part, by the MD5 of its bytes.
        part_bytes: The size of parts that every new upload gets.
    """

    def __init__(self, hub_port: int) -> None:
        self.hub_port, self.part_bytes = hub_port, PART_BYTES
        self.seen: list[Seen] = []
        self.accepted: Counter[str] = Counter()
        self._faults: list[tuple[str, str, str, Fault]] = []
        self._lock = threading.Lock()
        self._connections, self._ended = 0, threading.Condition()
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self, n)) for n in ("hub", "storage")]
        self.url, self.storage_url = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fail(self, method: str, path: str, *faults: Fault, server: str = "hub") -> None:
        """Break the next requests that match, one for each fault, in this order."""
        self._faults += [(server, method, path, fault) for fault in faults]

    def requests(self, method: str, path: str, server: str = "hub") -> list[Seen]:
        alike = [seen for seen in self.seen if (seen.server, seen.method) == (server, method)]
        return [seen for seen in alike if re.fullmatch(path, seen.path)]

    @contextmanager
    def connected(self) -> Iterator[None]:
        with self._ended:
            self._connections += 1
        try:
            yield
        finally:
            with self._ended:
                self._connections -= 1
                self._ended.notify_all()

    def wait_for_requests(self) -> None:
        """Wait until the hub has answered the last requests of a client that has ended."""
        with self._ended:
            assert self._ended.wait_for(lambda: self._connections == 0, 300)

    def take_fault(self, seen: Seen) -> Fault:
        with self._lock:
            for index, (server, method, path, fault) in enumerate(self._faults):
                if (server, method) == (seen.server, seen.method) and re.fullmatch(path, seen.path):
                    del self._faults[index]
                    return fault
        return relay


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def __init__(self, proxy: Proxy, server_name: str, *args: Any) -> None:
        self.proxy, self.server_name = proxy, server_name
        super().__init__(*args)

    def log_message(self, *args: Any) -> None: ...

    def handle(self) -> None:
        try:
            with self.proxy.connected():
                super().handle()
        except (OSError, ValueError, http.client.HTTPException):
            self.close_connection = True  # a fault or the client has closed the connection

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.seen = Seen(self.server_name, self.command, path, dict(self.headers.items()))
        self.proxy.seen.append(self.seen)
        self.proxy.take_fault(self.seen)(self)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def read_body(self) -> bytes:
        self.seen.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return self.seen.body

    def ask_hub(self, body: bytes, path: str = "", **headers: str) -> Answer:
        """Pass the request on, with other bytes, another path or more headers on demand."""
        if (self.command, self.seen.path) == ("POST", "/api/uploads/"):
            body = json.dumps({"part_bytes": self.proxy.part_bytes} | json.loads(body)).encode()
        given = {**self.headers, **headers} | ({"Content-Length": str(len(body))} if body else {})
        if self.server_name == "storage" and "If-Range" in given:
            given["If-Range"] = given["If-Range"].replace(STORAGE_TAG, "", 1)
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.hub_port, timeout=60)
        try:
            connection.request(self.command, path or self.path, body or None, given)
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()
        if self.command == "PUT" and answer.status == 200:
            self.proxy.accepted[hashlib.md5(body, usedforsecurity=False).hexdigest()] += 1
        return answer

    def send(self, answer: Answer, *, length: int | None = None) -> None:
        """Answer the client. `length` is the Content-Length to claim, where it is not the true one."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() == "etag" and self.server_name == "storage":
                self.send_header(name, value.replace('"', f'"{STORAGE_TAG}', 1))
            elif name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if length is None else length))
        self.end_headers()
        self.wfile.write(answer.body)


Fault = Callable[[Handler], None]


def relay(handler: Handler) -> None:
    """Break nothing."""
    handler.send(handler.ask_hub(handler.read_body()))
