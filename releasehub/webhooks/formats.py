"""The webhook formats: the event name, the body and the headers that a receiver gets.

Apps above this one register their own names and data for some formats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl

from releasehub.webhooks import chat, filters, signing
from releasehub.webhooks.forms import form_encoded
from releasehub.webhooks.models import Endpoint, Event
from releasehub.webhooks.pages import with_page_urls

Format = Endpoint.Format
Render = Callable[[Event], Any]
Name = Callable[[str, Mapping[str, Any]], str | None]

REDACTED = "[secret]"
SECRET_HEADER = "XF-Webhook-Secret"  # noqa: S105 - the name of a header

_V3_OBJECTS = {"version": "release", "file": "releaseFile", "endpoint": "endpoint"}
_MC_DM_KINDS = {filters.TRAFFIC: "download"}
_MC_DM_EVENTS = {"created": "insert", "published": "publish", "unpublished": "unpublish", "test": "test"}

_FORM = "application/x-www-form-urlencoded"

_renderers: dict[tuple[str, str], Render] = {}
_names: dict[str, Name] = {}


def register_renderer(format_: Endpoint.Format, object_type: str, render: Render) -> None:
    """Register a function that returns the `data` of events about this type of object in this format.

    Without such a function, `data` is the snapshot of the object.
    """
    _renderers[format_, object_type] = render


def register_names(format_: Endpoint.Format, name: Name) -> None:
    """Register a function that returns the name of an event in this format.

    It takes the type and the data of the event, and returns None if the format has no such event.
    """
    _names[format_] = name


def name_of(format_: str, event_type: str, data: Mapping[str, Any]) -> str | None:
    """Return the name of the event in the format, or None if the format has no such event."""
    return _names[_base(format_)](event_type, data)


def render(format_: str, event: Event) -> str:
    """Return the body. It is ASCII, so that the bytes do not depend on the encoding of the database."""
    if chat_body := chat.BODIES.get(format_):
        return json.dumps(chat_body(chat.message_of(event)), separators=(",", ":"))
    custom = _renderers.get((_base(format_), event.object_type))
    data = custom(event) if custom else event.data
    name = name_of(format_, event.type, event.data) or event.type
    timestamp = event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    body: dict[str, Any]
    match format_:
        case Format.V3:
            body = {"event": name, "data": data, "triggeredAt": timestamp}
        case Format.MC_DM | Format.MC_DM_FORM:
            kind = f"mc_dm_{_MC_DM_KINDS.get(event.object_type, event.object_type)}"
            body = {"content_type": kind, "event": name, "content_id": event.object_id, "data": data}
        case _:
            body = {"type": name, "timestamp": timestamp, "data": with_page_urls(data)}
    return form_encoded(body) if format_ == Format.MC_DM_FORM else json.dumps(body, separators=(",", ":"))


def headers_of(
    format_: str, *, webhook_id: str, endpoint_id: int, keys: Sequence[str], timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the request headers, including the signatures.

    Args:
        format_: The format.
        webhook_id: The id of the delivery.
        endpoint_id: The id of the endpoint.
        keys: The valid secrets, the newest first.
        timestamp: The time of the attempt in epoch seconds.
        body: The body.
    """
    headers = {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp)}
    if format_ == Format.V3:
        return headers | {
            "Content-Type": "application/json; charset=utf-8",
            "Webhook-Signature": signing.plain_signature(keys[0], body),
        }
    headers |= {
        "Content-Type": _FORM if format_ == Format.MC_DM_FORM else "application/json",
        "webhook-signature": signing.standard_signature(keys, webhook_id, timestamp, body),
    }
    if _base(format_) == Format.MC_DM:
        content = dict(parse_qsl(body.decode())) if format_ == Format.MC_DM_FORM else json.loads(body)
        headers |= {
            "XF-Content-Type": content["content_type"],
            "XF-Webhook-Event": content["event"],
            "XF-Webhook-Id": str(endpoint_id),
            SECRET_HEADER: keys[0],
        }
    return headers


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers without secrets, for the log of attempts."""
    return {name: REDACTED if name == SECRET_HEADER else value for name, value in headers.items()}


def _base(format_: str) -> str:
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


register_names(Format.STANDARD, _standard_name)
register_names(Format.V3, _v3_name)
register_names(Format.MC_DM, _mc_dm_name)
for chat_format in chat.BODIES:
    register_names(Format(chat_format), _chat_name)
