"""Execute a query: parse, validate, check the limits, resolve."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    get_operation_ast,
    validate,
)
from graphql.execution import AbortedGraphQLExecutionError
from graphql.pyutils import AbortSignal

from releasehub.api.github.graphql.errors import formatted
from releasehub.api.github.graphql.limits import MAX_SECONDS, QueryDeadline, check_limits, parse_query
from releasehub.api.github.graphql.repositories import Caller
from releasehub.api.github.graphql.schema import releases_schema

MAX_ERRORS = 10


def run_query(caller: Caller, *, query: str, variables: Mapping[str, Any], operation_name: str = "") -> dict[str, Any]:
    """Return the body of the answer: `data`, and `errors` if there are any.

    Raises:
        Exception: A resolver failed unexpectedly. The envelope of the dialect reports it, as in any other view.
    """
    try:
        document = parse_query(query)
        if problems := validate(releases_schema(), document, max_errors=MAX_ERRORS):
            return refusal(*problems)
        check_limits(document, operation_of(document, operation_name), variables)
        result = execute(caller, document, variables, operation_name)
    except GraphQLError as error:
        return refusal(error)
    except AbortedGraphQLExecutionError as error:
        return refusal(error.reason)
    errors = result.errors or ()
    raise_unexpected(errors)
    return {"data": result.data, **(refusal(*errors) if errors else {})}


def execute(
    caller: Caller, document: DocumentNode, variables: Mapping[str, Any], operation_name: str
) -> ExecutionResult:
    """Execute a valid document until its deadline.

    Raises:
        AbortedGraphQLExecutionError: The deadline has passed.
    """
    return execute_sync(
        releases_schema(),
        document,
        context_value=caller,
        variable_values=dict(variables),
        operation_name=operation_name or None,
        max_coercion_errors=MAX_ERRORS,
        abort_signal=cast(AbortSignal, QueryDeadline(MAX_SECONDS)),
    )


def operation_of(document: DocumentNode, name: str) -> OperationDefinitionNode:
    """Return the operation to execute.

    Raises:
        GraphQLError: The document has no operation with this name, or several and no name says which one is meant.
    """
    operation = get_operation_ast(document, name or None)
    if operation is None:
        raise GraphQLError("Send the name of one of the operations in the query as operationName.")
    return operation


def raise_unexpected(errors: Sequence[GraphQLError]) -> None:
    """Raise the first error that no resolver has reported on purpose."""
    for error in errors:
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error


def refusal(*errors: GraphQLError) -> dict[str, Any]:
    """Return the errors of a query. One that was not executed has nothing else in its answer."""
    return {"errors": [formatted(error) for error in errors]}
