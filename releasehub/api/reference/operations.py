"""The operations of the APIs, as the OpenAPI schema describes them, for the pages of the reference."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.text import slugify

from releasehub.api.reference.fields import Field, fields_of, type_of
from releasehub.api.schema_view import schema_document

DIALECTS = {
    "mc-dm": ("downloads", "versions", "files", "categories", "comments", "webhooks"),
    "v3": ("v3",),
    "engine": ("engine",),
    "entity": ("entity",),
    "github": ("github",),
}
NATIVE = "native"


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    type: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Body:
    """A request body. `types` are the media types in which it can be sent."""

    types: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Answer:
    status: str
    description: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True)
class Operation:
    """One method of one path. `anchor` is its id in the page."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True)
class Group:
    """The operations of one tag, which share a page."""

    slug: str
    title: str
    dialect: str
    operations: tuple[Operation, ...]


@cache
def groups() -> dict[str, Group]:
    """Return all groups by slug, in the order of the dialects. Each process builds them once."""
    document = schema_document()
    components = document["components"]["schemas"]
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_operation(path, method, operation, components))
    rows = [Group(slugify(tag), tag.capitalize(), dialect_of(tag), tuple(rows)) for tag, rows in found.items()]
    order = [*DIALECTS, NATIVE]
    rows.sort(key=lambda group: order.index(group.dialect))
    return {group.slug: group for group in rows}


def dialect_of(tag: str) -> str:
    return next((dialect for dialect, tags in DIALECTS.items() if tag in tags), NATIVE)


def _operation(path: str, method: str, operation: Mapping[str, Any], components: Mapping[str, Any]) -> Operation:
    parameters = tuple(
        Parameter(
            row["name"],
            row["in"],
            type_of(row.get("schema", {}), components),
            bool(row.get("required")),
            str(row.get("description", "")),
        )
        for row in operation.get("parameters", ())
    )
    content = operation.get("requestBody", {}).get("content", {})
    body = _body(content, components) if content else None
    return Operation(
        method.upper(),
        path,
        slugify(f"{method} {path.replace('/', ' ').replace('_', '-')}"),
        operation.get("summary") or f"{method.upper()} {path}",
        operation.get("description", ""),
        parameters,
        body,
        tuple(_answer(status, row, components) for status, row in operation["responses"].items()),
        _curl(path, method, body, operation.get("security", ())),
    )


def _body(content: Mapping[str, Any], components: Mapping[str, Any]) -> Body:
    schema = next(iter(content.values()))["schema"]  # the same for all media types of one operation
    return Body(tuple(content), tuple(fields_of(schema, components)))


def _answer(status: str, row: Mapping[str, Any], components: Mapping[str, Any]) -> Answer:
    """Return one answer. The fields of errors are left out, because all operations of a dialect share them."""
    content: Mapping[str, Any] = next(iter(row.get("content", {}).values()), {})
    is_success = status < "400"
    fields = tuple(fields_of(content["schema"], components)) if is_success and "schema" in content else ()
    example = next((item["value"] for item in content.get("examples", {}).values()), None) if is_success else None
    text = json.dumps(example, indent=2, ensure_ascii=False) if example is not None else ""
    return Answer(status, str(row.get("description", "")), fields, text)


def _curl(path: str, method: str, body: Body | None, security: Any) -> str:
    """Return a command that calls the operation, with the required fields as JSON or as a form."""
    parts = ["curl"] + ([] if method == "get" else [f"-X {method.upper()}"])
    if any(security):
        parts.append('-H "Authorization: Bearer $KEY"')
    if body is not None:
        required = [field for field in body.fields if field.is_required and field.depth == 0]
        if "application/json" in body.types:
            values = ", ".join(f'"{field.name}": {_example(field)}' for field in required)
            parts.append(f"-H 'Content-Type: application/json' -d '{{{values}}}'")
        elif "multipart/form-data" in body.types:
            named = {field.name: f"{field.name}={_example(field)}" for field in required}
            parts += [f"-F {text}" for text in (named | {"file": "file=@tool.zip"}).values()]
        else:
            parts.append("--data-binary @tool.zip")
    return " ".join([*parts, f'"$HUB{path}"'])


def _example(field: Field) -> str:
    if field.values:
        return json.dumps(field.values[0])
    return "42" if field.type.startswith(("integer", "number")) else "[]" if field.type.startswith("list") else '"…"'
