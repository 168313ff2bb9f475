"""The ways in which a request fails between the command line and a hub."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.proxy import Answer, Fault, Handler


def drop(handler: Handler) -> None:
    """Close the connection after half of the request's body."""
    handler.rfile.read(int(handler.headers.get("Content-Length", 0)) // 2)
    handler.connection.close()
    raise ConnectionError


def drop_answer(handler: Handler) -> None:
    """Close the connection instead of answering; the hub has done what was asked."""
    handler.ask_hub(handler.read_body())
    handler.connection.close()
    raise ConnectionError


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """Answer without asking the hub."""

    def fault(handler: Handler) -> None:
        handler.read_body()
        handler.send(Answer(code, {name.replace("_", "-"): value for name, value in headers.items()}, body))

    return fault


def expire(handler: Handler) -> None:
    """Make the signature of the URL invalid. The hub rejects it in the same way as an expired one."""
    handler.send(handler.ask_hub(handler.read_body(), path=f"{handler.path}x"))


def damage(handler: Handler) -> None:
    """Change the first byte of the request's body."""
    body = handler.read_body()
    handler.send(handler.ask_hub(bytes([body[0] ^ 1]) + body[1:]))


def declare(**fields: Any) -> Fault:
    """Change fields of the JSON that the hub receives."""
    return lambda handler: handler.send(handler.ask_hub(json.dumps(json.loads(handler.read_body()) | fields).encode()))


def cut(handler: Handler) -> None:
    """Close the connection after half of the answer's body."""
    answer = handler.ask_hub(b"")
    length, answer.body = len(answer.body), answer.body[: len(answer.body) // 2]
    handler.close_connection = True
    handler.send(answer, length=length)


def alter_answer(handler: Handler) -> None:
    """Change the last byte of the answer's body; its headers stay as they are."""
    answer = handler.ask_hub(b"")
    answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])
    handler.send(answer)


def replace_in_answer(old: bytes, new: bytes) -> Fault:
    def fault(handler: Handler) -> None:
        answer = handler.ask_hub(handler.read_body())
        assert old in answer.body
        answer.body = answer.body.replace(old, new)
        handler.send(answer)

    return fault


def answer_with(**headers: str) -> Fault:
    """Replace headers of the hub's answer."""

    def fault(handler: Handler) -> None:
        answer = handler.ask_hub(handler.read_body())
        given = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in given}
        answer.headers = kept | given
        handler.send(answer)

    return fault


def redirect_to_storage(handler: Handler) -> None:
    """Answer with the hub's headers and a redirect to the same bytes at the storage, as a hub with S3 does."""
    answer = handler.ask_hub(b"", Range="bytes=0-0")
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-range"}
    handler.send(Answer(302, headers | {"Location": f"{handler.proxy.storage_url}{handler.path}"}, b""))
