"""Turn the JSON Schema of a body into rows of a table. Pure functions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 3
MAX_VALUES = 30
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One member of an object. `depth` is 0 for a member of the body itself, and grows with each nested object."""

    name: str
    type: str
    is_required: bool
    description: str
    values: tuple[str, ...]
    depth: int


def fields_of(schema: Schema, components: Schema, depth: int = 0, seen: tuple[str, ...] = ()) -> Iterator[Field]:
    """Yield the members of an object and of the objects in it, down to `MAX_DEPTH`.

    An object that contains itself is not opened a second time.
    """
    name, body = resolve(schema, components)
    if "items" in body:
        yield from fields_of(body["items"], components, depth, seen)
        return
    if name in seen or depth > MAX_DEPTH:
        return
    required = set(body.get("required", ()))
    for member, value in members_of(body, components).items():
        described, values = str(value.get("description", "")), _values(value, components)
        yield Field(member, type_of(value, components), member in required, described, values, depth)
        yield from fields_of(value, components, depth + 1, (*seen, name) if name else seen)


def members_of(body: Schema, components: Schema) -> dict[str, Schema]:
    """Return the properties of an object, those of all parts of `allOf` included."""
    members: dict[str, Schema] = {}
    for part in body.get("allOf", ()):
        members |= members_of(resolve(part, components)[1], components)
    members.update(body.get("properties", {}))
    return members


def resolve(schema: Schema, components: Schema) -> tuple[str, Schema]:
    """Follow a reference, or the only alternative that is not null. Return the name of the component and its schema."""
    alternatives = [part for part in schema.get("oneOf", schema.get("anyOf", ())) if part.get("type") != "null"]
    if len(alternatives) == 1:
        return resolve(alternatives[0], components)
    if len(schema.get("allOf", ())) == 1 and "properties" not in schema:
        return resolve(schema["allOf"][0], components)
    if "$ref" not in schema:
        return "", schema
    name = schema["$ref"].rpartition("/")[2]
    found, body = resolve(components[name], components)
    return found or name, body


def type_of(schema: Schema, components: Schema) -> str:
    """Return the type in words, such as `integer`, `list of string` or `string or null`."""
    name, body = resolve(schema, components)
    if "items" in body:
        text = f"list of {type_of(body['items'], components)}"
    elif "oneOf" in body or "anyOf" in body:
        return " or ".join(
            dict.fromkeys(type_of(part, components) for part in body.get("oneOf", body.get("anyOf", ())))
        )
    else:
        declared = body.get("type", "object" if "properties" in body or name else "any value")
        kinds = [declared] if isinstance(declared, str) else [kind for kind in declared if kind != "null"]
        text = " or ".join(kinds) + (f" ({body['format']})" if "format" in body else "")
    return f"{text} or null" if _is_nullable(schema) or _is_nullable(body) else text


def _is_nullable(schema: Schema) -> bool:
    parts = [part.get("type") for part in schema.get("oneOf", schema.get("anyOf", ()))]
    declared = schema.get("type")
    return "null" in parts or (isinstance(declared, list) and "null" in declared)


def _values(schema: Schema, components: Schema) -> tuple[str, ...]:
    body = resolve(schema, components)[1]
    body = resolve(body["items"], components)[1] if "items" in body else body
    return tuple(str(value) for value in body.get("enum", ()) if value is not None and value != "")[:MAX_VALUES]
