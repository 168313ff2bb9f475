"""A nested body as a form. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode


def form_encoded(body: Mapping[str, Any]) -> str:
    """In ASCII, as PHP's `http_build_query` writes it: `data[User][user_id]=7`, lists by index, true and false as
    1 and 0. What is null or empty is left out.
    """
    return urlencode(list(_pairs(body)), errors="replace")


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        yield from _pairs(dict(enumerate(value)), name)
    elif isinstance(value, bool):
        yield name, str(int(value))
    elif value is not None:
        yield name, str(value)
