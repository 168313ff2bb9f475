"""A webhook receiver. It responds at once and logs requests.

Requests to paths that begin with /hang get no response. On paths that begin with /slow, the first one has to wait.

    python -m tests.services.receiver PORT LOG [--host ADDRESS] [--bare]

A line of the log is JSON: `at` (epoch seconds), `path`, `id`, `hash` (SHA-256 of the body), `type`, `object`, `title`.
GET /count answers how many were answered, GET /hanging the most that hung at one time. `--bare`: counts only.
"""

import argparse
import asyncio
import hashlib
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

HANG_SECONDS = 120.0
SLOW_SECONDS = 6.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
ID = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)


class Log:
    """What arrived."""

    def __init__(self, out: TextIO | None) -> None:
        self.count = 0
        self.hanging = 0
        self.most_hanging = 0
        self.slow_paths: set[str] = set()
        self._out = out

    def keep(self, path: str, head: bytes, body: bytes) -> None:
        self.count += 1
        webhook_id = ID.search(head)
        if self._out is not None and webhook_id is not None:
            told = {"id": webhook_id[1].decode(), "hash": hashlib.sha256(body).hexdigest(), **about(body)}
            line = {"at": time.time(), "path": path, **told}
            self._out.write(json.dumps(line) + "\n")


def about(body: bytes) -> dict[str, Any]:
    """Return the change and the object that the body describes."""
    content = json.loads(body)
    kind, data = content["type"].partition(".")[0], content["data"]
    return {"type": content["type"], "object": f"{kind}:{data[f'{kind}_id']}", "title": data["title"]}


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as much as a sender of webhooks needs."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting = b""
        self._is_hanging = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            length = LENGTH.search(head)
            size = end + 4 + int(length[1] if length else 0)
            if len(self._waiting) < size:
                return
            body, self._waiting = self._waiting[end + 4 : size], self._waiting[size:]
            self._answer(head, body)

    def connection_lost(self, error: Exception | None) -> None:
        self._log.hanging -= self._is_hanging

    def _answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        if path in {"/count", "/hanging"}:
            text = str(self._log.count if path == "/count" else self._log.most_hanging)
            self._transport.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            return
        if path.startswith("/hang"):
            self._hang(HANG_SECONDS, self._transport.close)
            return
        self._log.keep(path, head, body)
        if path.startswith("/slow") and path not in self._log.slow_paths:
            self._log.slow_paths.add(path)
            self._hang(SLOW_SECONDS, self._answer_late)
            return
        self._transport.write(OK)

    def _hang(self, seconds: float, end: Callable[[], None]) -> None:
        self._is_hanging = True
        self._log.hanging += 1
        self._log.most_hanging = max(self._log.most_hanging, self._log.hanging)
        asyncio.get_running_loop().call_later(seconds, end)

    def _answer_late(self) -> None:
        self._log.hanging -= self._is_hanging
        self._is_hanging = False
        self._transport.write(OK)


async def serve(host: str, port: int, out: TextIO | None) -> None:
    log = Log(out)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(log), host, port, backlog=512)
    print("receiver ready", flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("log", type=Path)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--bare", action="store_true", help="only count requests")
    options = parser.parse_args()
    if options.bare:
        asyncio.run(serve(options.host, options.port, None))
        return
    with options.log.open("a", buffering=1) as out:
        asyncio.run(serve(options.host, options.port, out))


if __name__ == "__main__":
    sys.exit(main())
