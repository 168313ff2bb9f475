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
    level: list[tuple[str, Any]] = [("", value)]
    for _ in range(MAX_DEPTH + 1):
        for path, item in level:
            if isinstance(item, str) and "\x00" in item:
                raise ValueError(f"{path or 'The text'}: it contains a NUL character. Remove it.")
        level = [inner for path, item in level for inner in _members(path, item)]
        if not level:
            return
    raise ValueError(f"Arrays and objects nest deeper than {MAX_DEPTH} levels. Send a flatter value.")


def _members(path: str, item: Any) -> list[tuple[str, Any]]:
    """Return (where, value) of what an array or object holds, the names in an object included."""
    if isinstance(item, dict):
        return [*((path, name) for name in item), *((_below(path, name), inner) for name, inner in item.items())]
    return [(path, inner) for inner in item] if isinstance(item, list) else []


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
