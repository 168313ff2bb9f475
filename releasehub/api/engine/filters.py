"""Lists in a query: a JSON array, a repeated parameter, values separated by commas, or a mixture of them.

The server refuses a raw `"` in a URL, so clients that do not encode it also send arrays without quotes, as `[a,b]`.
"""

import re
from collections.abc import Iterator

import orjson
from django.http import QueryDict

from releasehub.api.common.input_mixin import with_plain_names
from releasehub.api.engine.errors import InvalidQuery

MAX_VALUES = 100
WELL_FORMED = re.compile(r"[a-z0-9]{1,24}")
BARE_ARRAY = re.compile(r"\[(?P<items>[A-Za-z0-9',\s]*)\]")


def parse_list(query: QueryDict, name: str) -> list[str]:
    """Return the values of a list in a query without duplicates, in the requested order."""
    values = with_plain_names(query).getlist(name)
    if not values:
        raise InvalidQuery({name: ["This parameter is required."]})
    found = list(dict.fromkeys(text for value in values for text in _split(name, value.strip()) if text))
    if len(found) > MAX_VALUES:
        raise InvalidQuery({name: [f"A request may have at most {MAX_VALUES} {name}; this one has {len(found)}."]})
    return found


def _split(name: str, value: str) -> Iterator[str]:
    if not value.startswith("["):
        yield from (part.strip() for part in value.split(","))
        return
    try:
        items = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        if bare := BARE_ARRAY.fullmatch(value):
            yield from (part.strip(" '") for part in bare["items"].split(","))
            return
        raise InvalidQuery({name: [f"This is not a valid JSON array: {error}."]}) from error
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InvalidQuery({name: ["The array may only contain strings."]})
    yield from (item.strip() for item in items)
