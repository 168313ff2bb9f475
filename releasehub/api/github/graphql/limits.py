"""Limits on what one query may ask for, measured on its syntax tree before anything is read."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    parse,
)
from graphql.language import visit
from graphql.language.visitor import Visitor
from graphql.utilities import value_from_ast_untyped

from releasehub.api.github.graphql.errors import LimitExceeded

MAX_QUERY_BYTES = 8 * 1024
MAX_TOKENS = 2_000
MAX_COMMENTS = 100
MAX_SELECTIONS = 200
MAX_DEPTH = 8
MAX_COST = 500
MAX_FIRST = 100
DEFAULT_FIRST = 30
MAX_SECONDS = 10.0
# A field that reads rows costs ten points; a row costs one, and so do its notes. A page of 100 versions with notes
# costs 220.
LOOKUP_COST = 10
LOOKUPS = frozenset({"repository", "release", "latestRelease", "releases", "ref"})
INTROSPECTION_COSTS = {"__schema": 100, "__type": 10}
NOTES = "description"
LIST = "releases"


class QueryDeadline:
    """The end of the time that one query may take; graphql-core asks for `aborted` before each field."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.reason = LimitExceeded(f"The query took more than {seconds:g} seconds. Ask for fewer releases at a time.")

    @property
    def aborted(self) -> bool:
        return time.monotonic() > self.ends_at


def parse_query(text: str) -> DocumentNode:
    """Return the syntax tree of a query.

    Raises:
        LimitExceeded: The query is too long, or selects too many fields.
        GraphQLError: The query has a syntax error, too many tokens or too many comments.
    """
    if len(text.encode()) > MAX_QUERY_BYTES:
        raise LimitExceeded(f"The query is longer than {MAX_QUERY_BYTES:,} bytes. Send a shorter one.")
    document = parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    counter = SelectionCounter()
    visit(document, counter)
    # Some rules of the validation compare all pairs of fields, so the number is limited before it runs.
    if counter.count > MAX_SELECTIONS:
        raise LimitExceeded(
            f"The query selects {counter.count} fields and fragments, but the limit is {MAX_SELECTIONS}. Split it up."
        )
    return document


class SelectionCounter(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter(self, node: Any, *_: Any) -> None:
        if isinstance(node, SelectionNode):
            self.count += 1


def check_limits(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    """Check depth and cost of an operation in a valid document.

    Raises:
        LimitExceeded: The operation changes something, nests too deep or costs too much.
    """
    if operation.operation is not OperationType.QUERY:
        raise LimitExceeded("This endpoint only reads. Use the REST API to publish and to change releases.")
    size = QueryMeter(fragments_of(document), given_variables(operation, variables)).of_set(operation.selection_set)
    if size.depth > MAX_DEPTH:
        raise LimitExceeded(f"The query nests {size.depth} levels of fields, but the limit is {MAX_DEPTH}.")
    if size.cost > MAX_COST:
        raise LimitExceeded(
            f"The query costs {size.cost} points, but the limit is {MAX_COST}. A lookup costs {LOOKUP_COST} points, "
            "each release and each description one. Split the query up, or ask for smaller pages."
        )


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def given_variables(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of the request, with the defaults of those that it leaves out."""
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value
    }
    return {**defaults, **variables}


@dataclass(frozen=True)
class Size:
    depth: int = 0
    cost: int = 0


@dataclass
class QueryMeter:
    """Measures selections. Each fragment is measured once, however often it is used.

    Introspection has a fixed cost: it reads no rows, and graphql-core limits its depth.
    """

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, Size] = field(default_factory=dict)

    def of_set(self, selections: SelectionSetNode | None) -> Size:
        sizes = [self.of(selection) for selection in selections.selections] if selections else []
        return Size(max((size.depth for size in sizes), default=0), sum(size.cost for size in sizes))

    def of(self, selection: SelectionNode) -> Size:
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in self.known:
                self.known[name] = self.of_set(self.fragments[name].selection_set)
            return self.known[name]
        if isinstance(selection, FieldNode):
            return self.of_field(selection)
        return self.of_set(getattr(selection, "selection_set", None))

    def of_field(self, node: FieldNode) -> Size:
        name = node.name.value
        if name.startswith("__"):
            return Size(1, INTROSPECTION_COSTS.get(name, 0))
        inner = self.of_set(node.selection_set)
        cost = inner.cost + (name == NOTES)
        if name == LIST:
            cost = self.length_of(node) * (1 + cost)
        return Size(1 + inner.depth, cost + LOOKUP_COST * (name in LOOKUPS))

    def length_of(self, node: FieldNode) -> int:
        """Return how many rows the list may have at most; an invalid length is refused later."""
        values = [argument.value for argument in node.arguments or () if argument.name.value == "first"]
        first = value_from_ast_untyped(values[0], dict(self.variables)) if values else None
        if not isinstance(first, int | float):  # graphql-core takes 100.0 in a variable for the integer 100
            return DEFAULT_FIRST
        return int(min(max(first, 0), MAX_FIRST))
