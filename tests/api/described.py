"""What the schema says, for the tests of every dialect."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from files.models import File


@cache
def document() -> dict[str, Any]:
    return generated()[0]


@cache
def generated() -> tuple[dict[str, Any], bool]:
    """The schema, and whether something about it was not understood, which is printed."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema, bool(GENERATOR_STATS)


def without_repeats() -> dict[str, Any]:
    """The schema, in which answers and parameters that many operations share are left in only once."""
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
    """Verb and path of every operation below these prefixes; of all without any."""
    paths = document()["paths"]
    found = ((verb, path) for path, verbs in paths.items() for verb in verbs)
    return sorted((verb, path) for verb, path in found if path.startswith(prefixes or ("/",)))


def check(path: str, verb: str, answer: Any) -> None:
    """The answer has a status the schema knows for this operation, and its body is what the schema says."""
    described = document()["paths"][path][verb]["responses"]
    assert str(answer.status_code) in described
    content = described[str(answer.status_code)].get("content")
    if content is None:
        assert answer.content == b""
        return
    body = content["application/json"]["schema"]
    whole = {"$ref": "#/body", "body": body, "components": document()["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer.json())


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
