"""Encoding of nested data as an HTML form."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode


def form_encoded(body: Mapping[str, Any]) -> str:
    """Encode the body in ASCII, in the same way as `http_build_query` of PHP.

    Nested names look like `data[User][user_id]=7`. Lists use their indexes, true is 1, and false is 0. Null and empty
    values are left out.
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
