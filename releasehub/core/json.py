"""JSON that somebody else sends."""

from __future__ import annotations

from typing import Any

import orjson

MAX_DEPTH = 100  # orjson writes at most 254 levels


def read_json(text: bytes) -> Any:
    """Return the value of a JSON text that the hub can store and write again; PostgreSQL stores no NUL characters.

    Raises:
        ValueError: The text is not JSON, nests too deep, or contains a NUL character.
    """
    value = orjson.loads(text)
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH or b"\\u0000" in text:
        _check(value)
    return value


def _check(value: Any) -> None:
    """Walk level by level, because a recursion would be as deep as the value."""
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError(f"Arrays and objects nest deeper than {MAX_DEPTH} levels. Send a flatter value.")
        if any(isinstance(item, str) and "\x00" in item for item in level):
            raise ValueError("A text contains a NUL character. Remove it.")
        level = [inner for item in level for inner in _members(item)]
        depth += 1


def _members(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, list) else []
