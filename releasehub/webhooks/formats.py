"""The webhook formats: the event name, the body and the headers that a receiver gets.

Apps above this one register their own data for some formats.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl

from releasehub.webhooks import chat, filters, signing
from releasehub.webhooks.event_names import base_format, name_of
from releasehub.webhooks.forms import form_encoded
from releasehub.webhooks.models import Endpoint, Event
from releasehub.webhooks.pages import with_page_urls

Format = Endpoint.Format
Render = Callable[[Event], Any]

REDACTED = "[secret]"
SECRET_HEADER = "XF-Webhook-Secret"  # noqa: S105 - the name of a header

_MC_DM_KINDS = {filters.TRAFFIC: "download"}

_FORM = "application/x-www-form-urlencoded"

_renderers: dict[tuple[str, str], Render] = {}


def register_renderer(format_: Endpoint.Format, object_type: str, render: Render) -> None:
    """Register a function that returns the `data` of events about this type of object in this format.

    Without such a function, `data` is the snapshot of the object.
    """
    _renderers[format_, object_type] = render


def render(format_: str, event: Event) -> str:
    """Return the body. It is ASCII, so that the bytes do not depend on the encoding of the database."""
    if chat_body := chat.BODIES.get(format_):
        return json.dumps(chat_body(chat.message_of(event)), separators=(",", ":"))
    custom = _renderers.get((base_format(format_), event.object_type))
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
        keys: The valid secrets, the newest first.
        timestamp: The time of the attempt in epoch seconds.
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
    if base_format(format_) == Format.MC_DM:
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
