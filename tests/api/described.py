"""Access to the OpenAPI schema, for the tests of every dialect."""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from django.urls import resolve
from drf_spectacular.drainage import GENERATOR_STATS

from files.models import File
from releasehub.api.schema_view import schema_document


def document() -> dict[str, Any]:
    return schema_document()


def has_warning() -> bool:
    """Return whether the generator of the schema printed a warning."""
    document()
    return bool(GENERATOR_STATS)


def without_repeats() -> dict[str, Any]:
    """Return the schema with only one copy of the responses and parameters that operations share."""
    schema: dict[str, Any] = json.loads(json.dumps(document()))
    seen: set[str] = set()
    for operation in (operation for path in schema["paths"].values() for operation in path.values()):
        answers, parameters = operation["responses"], operation.get("parameters", [])
        new = {code: answer for code, answer in answers.items() if is_new(answer, seen)}
        operation["responses"] = new or dict([next(iter(answers.items()))])
        operation["parameters"] = [parameter for parameter in parameters if is_new(parameter, seen)]
    return schema


def is_new(part: Any, seen: set[str]) -> bool:
    text = json.dumps(part, sort_keys=True)
    is_first = text not in seen
    seen.add(text)
    return is_first


def operations(*prefixes: str) -> list[tuple[str, str]]:
    """Return method and path of every operation below these prefixes, or of all operations."""
    paths = document()["paths"]
    found = ((verb, path) for path, verbs in paths.items() for verb in verbs)
    return sorted((verb, path) for verb, path in found if path.startswith(prefixes or ("/",)))


def check(path: str, verb: str, answer: Any) -> None:
    """Check that the schema has the status of the response, and that the body matches it."""
    described = document()["paths"][path][verb]["responses"]
    assert str(answer.status_code) in described
    content = described[str(answer.status_code)].get("content")
    if content is None:
        assert answer.content == b""
        return
    validator(content["application/json"]["schema"]).validate(answer.json())


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Return a validator of values for a part of the schema, which may refer to its components."""
    return jsonschema.Draft202012Validator({"$ref": "#/part", "part": schema, "components": document()["components"]})


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside a part of the schema, from the outside to the inside."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from objects(child)


@cache
def _parameter_builders() -> dict[str, Callable[..., dict[str, Any]]]:
    """Map the prefix of a dialect's paths to its function that builds the rows and names their ids."""
    builders: dict[str, Callable[..., dict[str, Any]]] = {}
    for folder in sorted(Path(__file__).parent.glob("*/real_parameters.py")):
        module = importlib.import_module(f"tests.api.{folder.parent.name}.real_parameters")
        builders |= dict.fromkeys(module.PREFIXES, module.real_parameters)
    return builders


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return path parameters of rows that exist, for an operation such as `GET /v3/products`."""
    return next((build(file, operation) for prefix, build in _parameter_builders().items() if prefix in operation), {})


def sample(schema: dict[str, Any], depth: int = 0) -> Any:
    """Return a plausible value for a schema of the document."""
    if "$ref" in schema:
        return sample(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth)
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return sample(schema[key][0], depth)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample(inner, depth + 1) for name, inner in schema.get("properties", {}).items() if depth < 4}
    if kind == "array":
        return [sample(schema.get("items", {}), depth + 1)]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    texts = {"uri": "https://example.com/a", "date-time": "2026-01-31T12:00:00Z", "email": "a@example.com"}
    return True if kind == "boolean" else texts.get(schema.get("format", ""), "a" * schema.get("minLength", 1))


def accepted_types(verb: str, path: str) -> list[str]:
    """Return the media types of the body that the schema documents, and those that the parsers accept as well."""
    documented = document()["paths"][path][verb].get("requestBody", {}).get("content", {})
    values = defaultdict(lambda: "a" * 24, id="1", download_id="1", delivery_id="msg_a_1")
    parsers = resolve(path.format_map(values)).func.cls.parser_classes  # type: ignore[attr-defined]
    accepted = [parser.media_type for parser in parsers if parser.media_type != "*/*"]
    return list(dict.fromkeys([*documented, *accepted])) if documented else []


def with_accepted_types() -> dict[str, Any]:
    """Return a copy of the schema with every media type that the parsers accept, because clients send all of them."""
    schema: dict[str, Any] = json.loads(json.dumps(document()))
    for verb, path in operations():
        content = schema["paths"][path][verb].get("requestBody", {}).get("content", {})
        for media_type in accepted_types(verb, path):
            content.setdefault(media_type, next(iter(content.values())))
    return schema


def sample_body(verb: str, path: str) -> dict[str, Any]:
    """Return a plausible body with every member that the schema knows; empty where the body is no object."""
    content = document()["paths"][path][verb].get("requestBody", {}).get("content", {})
    schemas = [kind["schema"] for name, kind in content.items() if name.endswith(("/json", "/form-data"))]
    found = sample(schemas[0]) if schemas else {}
    return found if isinstance(found, dict) else {}


def multipart(*parts: tuple[str, str | None, str]) -> bytes:
    """Build a multipart body from (field, file name or None, content)."""
    lines = []
    for field, filename, content in parts:
        named = f'; filename="{filename}"' if filename is not None else ""
        lines.append(f'--b\r\nContent-Disposition: form-data; name="{field}"{named}\r\n\r\n{content}\r\n')
    return "".join([*lines, "--b--\r\n"]).encode()
