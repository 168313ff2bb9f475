"""Parsing of JSON from untrusted senders."""

from typing import Any

import orjson

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_DEPTH = 100  # orjson serializes at most 254 levels


def read_json(text: bytes) -> Any:
    """Return the value of a JSON text, provided that the hub can store it and serialize it again.

    PostgreSQL cannot store NUL characters. A byte order mark at the beginning is ignored, because PowerShell and .NET
    write one.

    Raises:
        ValueError: The text is not JSON, nests too deep, or contains a NUL character.
    """
    value = orjson.loads(text.removeprefix(BYTE_ORDER_MARK))
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH or b"\\u0000" in text:
        _check(value)
    return value


def _check(value: Any) -> None:
    """Check the value level by level. A recursive check would exceed Python's stack on a deeply nested value."""
    level: list[tuple[str, Any]] = [("", value)]
    for _ in range(MAX_DEPTH + 1):
        for path, item in level:
            if isinstance(item, str) and "\x00" in item:
                raise ValueError(f"{path or 'The text'} contains a NUL character. Remove it.")
        level = [inner for path, item in level for inner in _members(path, item)]
        if not level:
            return
    raise ValueError(f"Arrays and objects nest deeper than {MAX_DEPTH} levels. Send a flatter value.")


def _members(path: str, item: Any) -> list[tuple[str, Any]]:
    """Return the path and value of every item of an array or object. The names in an object count as items too."""
    if isinstance(item, dict):
        return [*((path, name) for name in item), *((_below(path, name), inner) for name, inner in item.items())]
    return [(path, inner) for inner in item] if isinstance(item, list) else []


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
