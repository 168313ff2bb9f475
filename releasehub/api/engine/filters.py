"""The parameter `ids`: a JSON array, a repeated parameter, values separated by commas, or a mixture of them.

The server refuses a raw `"` in a URL, so clients that do not encode it also send arrays without quotes, as `[a,b]`.
"""

import re
from collections.abc import Iterator, Sequence

import orjson

from releasehub.api.engine.errors import InvalidQuery

MAX_IDS = 100
WELL_FORMED = re.compile(r"[a-z0-9]{1,24}")
BARE_ARRAY = re.compile(r"\[(?P<items>[a-z0-9',\s]*)\]")


def parse_ids(values: Sequence[str]) -> list[str]:
    """Return the ids without duplicates, in the requested order.

    A text that cannot be an id is left out, as the id of an unknown version is.

    Args:
        values: The values of the parameter as they were sent.

    Raises:
        InvalidQuery: The parameter is missing, contains an invalid array, or has too many ids.
    """
    if not values:
        raise InvalidQuery({"ids": ["This parameter is required."]})
    ids = list(dict.fromkeys(text for value in values for text in _split(value.strip()) if text))
    if len(ids) > MAX_IDS:
        raise InvalidQuery({"ids": [f"A request may have at most {MAX_IDS} ids; this one has {len(ids)}."]})
    return [text for text in ids if WELL_FORMED.fullmatch(text)]


def _split(value: str) -> Iterator[str]:
    if not value.startswith("["):
        yield from (part.strip() for part in value.split(","))
        return
    try:
        items = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        if bare := BARE_ARRAY.fullmatch(value):
            yield from (part.strip(" '") for part in bare["items"].split(","))
            return
        raise InvalidQuery({"ids": [f"This is not a valid JSON array: {error}."]}) from error
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InvalidQuery({"ids": ["The array may only contain strings."]})
    yield from (item.strip() for item in items)
