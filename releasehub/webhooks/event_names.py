"""The names of events in each webhook format."""

from collections.abc import Callable, Mapping
from typing import Any

from releasehub.webhooks import chat, filters
from releasehub.webhooks.models import Endpoint

Format = Endpoint.Format
Name = Callable[[str, Mapping[str, Any]], str | None]
_V3_OBJECTS = {"version": "release", "file": "releaseFile", "endpoint": "endpoint"}
_MC_DM_EVENTS = {"created": "insert", "published": "publish", "unpublished": "unpublish", "test": "test"}


def name_of(format_: str, event_type: str, data: Mapping[str, Any]) -> str | None:
    """Return the name of the event in the format, or None if the format has no such event."""
    return _NAMES[base_format(format_)](event_type, data)


def base_format(format_: str) -> str:
    """Return the format on which this one is based. The form variant only differs in the encoding of the body."""
    return Format.MC_DM if format_ == Format.MC_DM_FORM else format_


def _standard_name(event_type: str, data: Mapping[str, Any]) -> str | None:
    return event_type


def _v3_name(event_type: str, data: Mapping[str, Any]) -> str | None:
    kind, _, verb = event_type.partition(".")
    return f"{_V3_OBJECTS[kind]}.{verb}" if kind in _V3_OBJECTS else None


def _mc_dm_name(event_type: str, data: Mapping[str, Any]) -> str | None:
    """Return the name in the Downloads Manager format. It has no drafts, and reports a soft delete as an update."""
    verb = event_type.partition(".")[2]
    if _is_draft(verb, data):
        return None
    if filters.is_traffic(event_type):
        return verb if verb.startswith("gate_") else f"download_{verb}"
    if verb == "deleted":
        return "delete" if data.get("hard") else "update"
    return _MC_DM_EVENTS.get(verb, "update")


def _chat_name(event_type: str, data: Mapping[str, Any]) -> str | None:
    """Return the name of the event, or None if the members of a chat cannot see what it is about.

    Traffic would drown a chat.
    """
    kind, _, verb = event_type.partition(".")
    is_waiting = kind in {"comment", "review"} and data.get("state") == "moderated"
    is_hidden = is_waiting or filters.is_traffic(event_type) or _is_draft(verb, data)
    return None if is_hidden else event_type


def _is_draft(verb: str, data: Mapping[str, Any]) -> bool:
    """Return whether the event is about a draft that receivers do not know.

    If a published version becomes a draft or is deleted, receivers know it, so they get this last event.
    """
    version = data.get("version") or data
    if version.get("download", {}).get("state") == "draft":
        return True
    is_last_event = bool(version.get("published_at")) and verb in {"unpublished", "deleted"}
    return version.get("state") == "draft" and not is_last_event


_NAMES: dict[str, Name] = {
    Format.STANDARD: _standard_name,
    Format.V3: _v3_name,
    Format.MC_DM: _mc_dm_name,
    **dict.fromkeys(chat.BODIES, _chat_name),
}
