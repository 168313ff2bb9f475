"""A server for the stand-ins: it answers with functions, notes every request, and checks the credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.serving import serving

SECRET = "secret-of-the-source"


@dataclass
class Answer:
    """An answer: JSON, bytes, or a redirect."""

    value: Any = None
    status: int = 200
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return json.dumps(self.value).encode() if self.body is None else self.body


MISSING = Answer({"message": "404 Not Found"}, 404)


@dataclass
class Standin:
    """A stand-in of a host. Subclasses have the state and answer.

    Attributes:
        secret_header: The name of the header with the secret. If it is not empty, everything is hidden without it.
        refusals: Answers to the next requests instead of the usual ones.
        seen: The path and the headers of all requests, with names in lower case.
    """

    secret_header: str = ""
    refusals: list[Answer] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        """Return the answer to a request. `path` is not decoded."""
        raise NotImplementedError

    def paths(self) -> list[str]:
        return [unquote(path) for path, _ in self.seen]

    def secrets_seen(self) -> list[str]:
        """Return the paths of the requests that carried the secret."""
        return [path for path, headers in self.seen if any(SECRET in value for value in headers.values())]


AnyStandin = TypeVar("AnyStandin", bound=Standin)


class Handler(BaseHTTPRequestHandler):
    standin: Standin

    def do_GET(self) -> None:
        standin, target = self.standin, urlsplit(self.path)
        standin.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if standin.refusals:
            answer = standin.refusals.pop(0)
        elif standin.secret_header and SECRET not in self.headers.get(standin.secret_header, ""):
            answer = MISSING
        else:
            answer = standin.answer(target.path, dict(parse_qsl(target.query)))
        self.reply(answer)

    def reply(self, answer: Answer) -> None:
        content, status, headers = answer.content, answer.status, dict(answer.headers)
        asked = self.headers.get("Range", "")
        if answer.body is not None and status == 200 and asked:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None: ...


@contextmanager
def running(standin: AnyStandin, address: str = "127.0.0.1") -> Iterator[AnyStandin]:
    """Serve the stand-in during the block."""
    server = ThreadingHTTPServer((address, 0), type("BoundHandler", (Handler,), {"standin": standin}))
    standin.url = f"http://{address}:{server.server_address[1]}"
    with serving(server):
        yield standin


def page_of(rows: list[Any], page: int, length: int) -> list[Any]:
    return rows[(page - 1) * length : page * length]
