"""Rows of the reference for the fields of a body."""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.api.reference.fields import fields_of, type_of

pytestmark = pytest.mark.embedded
COMPONENTS: dict[str, Any] = {
    "Tree": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "Its name."},
            "state": {"oneOf": [{"$ref": "#/components/schemas/State"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    },
    "State": {"type": "string", "enum": ["on", "off"]},
}
TREE = {"$ref": "#/components/schemas/Tree"}


def test_members_have_type_values_and_need() -> None:
    rows = {row.name: row for row in fields_of(TREE, COMPONENTS)}
    assert (rows["name"].is_required, rows["name"].description) == (True, "Its name.")
    assert (rows["state"].type, rows["state"].values) == ("string or null", ("on", "off"))
    assert rows["children"].type == "list of object"


def test_object_that_contains_itself_is_opened_once() -> None:
    assert [row.depth for row in fields_of(TREE, COMPONENTS)] == [0, 0, 0]


def test_members_of_all_parts_are_listed_with_their_depth() -> None:
    schema = {"allOf": [TREE, {"properties": {"owner": {"properties": {"id": {"type": "integer"}}}}}]}
    found = {(row.name, row.depth) for row in fields_of(schema, COMPONENTS)}
    assert {("name", 0), ("owner", 0), ("id", 1)} <= found


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": ["string", "null"]}, "string or null"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "integer or string"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({}, "any value"),
    ],
)
def test_type_is_written_in_words(schema: dict[str, Any], text: str) -> None:
    assert type_of(schema, COMPONENTS) == text
