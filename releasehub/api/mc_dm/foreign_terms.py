"""Content types, events and criteria of webhooks that exist in the original system only; stored to be returned.

Pure functions; the names that have a meaning here are in `webhook_terms`.
"""

from collections.abc import Mapping
from typing import Any

from releasehub.api.mc_dm.webhook_terms import CONTENT_TYPES, name_list, names_of_type
from releasehub.webhooks.filters import EVERYTHING

DIALECT = "mc_dm"
"""The key of these names in `Endpoint.foreign_events`."""


def foreign_events(events: Mapping[str, Any]) -> dict[str, Any]:
    """Return each content type with those of its event names that mean nothing here, or with `*`."""
    foreign: dict[str, Any] = {}
    for content_type, names in events.items():
        unknown = set(name_list(names))
        if content_type in CONTENT_TYPES:
            unknown = set() if EVERYTHING in unknown else unknown - names_of_type(content_type)
        if unknown:
            foreign[content_type] = EVERYTHING if EVERYTHING in unknown else sorted(unknown)
    return foreign


def with_foreign_events(events: Mapping[str, Any], foreign: Mapping[str, Any]) -> dict[str, Any]:
    """Return the events of an endpoint together with the names that mean nothing here."""
    merged = dict(events)
    for content_type, names in foreign.items():
        known = merged.get(content_type)
        if known != EVERYTHING:
            merged[content_type] = sorted([*known, *names]) if known else names
    return merged


def foreign_criteria(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """Return the criteria of content types that do not exist here."""
    return {content_type: block for content_type, block in criteria.items() if content_type not in CONTENT_TYPES}
