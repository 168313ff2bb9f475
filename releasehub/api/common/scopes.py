"""Scopes in requests and responses: those that the hub knows, and those that only the original system has."""

from collections.abc import Collection
from typing import Any, ClassVar, Protocol

from releasehub.api.common.serializers import InputSerializer
from releasehub.core.foreign import split_names

UNKNOWN_SCOPES_HELP = "Scopes that the hub does not know are stored and returned, but allow nothing"


class Scoped(Protocol):
    """A row that grants scopes, such as an API key or a role."""

    scopes: list[str]
    foreign_scopes: list[str]


def scope_names(row: Scoped) -> list[str]:
    """Return all scopes as the client sent them, sorted."""
    return sorted([*row.scopes, *row.foreign_scopes])


class ScopesInputSerializer(InputSerializer):
    """A request body with a field whose source is `scopes`."""

    known_scopes: ClassVar[Collection[str]]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Separate the scopes that the hub knows from those that only the original system has."""
        if "scopes" in attrs:
            attrs["scopes"], attrs["foreign_scopes"] = split_names(attrs["scopes"], self.known_scopes)
        return attrs
