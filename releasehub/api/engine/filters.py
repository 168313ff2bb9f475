"""`ids=`: a JSON array, the parameter repeated, values with commas, or all of it mixed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import orjson

from releasehub.api.engine.viewsets import InvalidQuery

MOST_IDS = 100
WELL_FORMED = re.compile(r"[a-z0-9]{1,24}")


def parse_ids(values: Sequence[str]) -> list[str]:
    """Each once, in the order asked; what cannot be an id is left out as an unknown one is.

    `values`: as sent.  Errors: InvalidQuery when there is no parameter, an array cannot be read, or there are too many.
    """
    if not values:
        raise InvalidQuery({"ids": ["This parameter is required."]})
    wanted = list(dict.fromkeys(word for value in values for word in _words(value.strip()) if word))
    if len(wanted) > MOST_IDS:
        raise InvalidQuery({"ids": [f"At most {MOST_IDS} ids at once; these are {len(wanted)}."]})
    return [word for word in wanted if WELL_FORMED.fullmatch(word)]


def _words(value: str) -> Iterator[str]:
    if not value.startswith("["):
        yield from (part.strip() for part in value.split(","))
        return
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvalidQuery({"ids": [f"This is no JSON array: {error}."]}) from error
    if not isinstance(parsed, list) or not all(isinstance(item, str) for item in parsed):
        raise InvalidQuery({"ids": ["The array holds something that is no string."]})
    yield from (item.strip() for item in parsed)
