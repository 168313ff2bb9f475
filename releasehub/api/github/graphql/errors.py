"""Errors of queries, and their form in an answer."""

from typing import Any

from graphql import GraphQLError


class QueryError(GraphQLError):
    """An error of a field or of the whole query. Programs compare `type`, and the message is for people."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message, extensions={"type": type})


class LimitExceeded(QueryError):
    """The query exceeds a limit. The message names it."""

    def __init__(self, message: str) -> None:
        super().__init__("RESOURCE_LIMITS_EXCEEDED", message)


def formatted(error: GraphQLError) -> dict[str, Any]:
    """Return an error as clients of GitHub read it: `type` is a member of its own instead of an extension."""
    members: dict[str, Any] = dict(error.formatted)
    extensions = members.pop("extensions", {})
    return {**extensions, **members}
