"""Checks of the fields of a webhook endpoint that the API, the pages and the admin can set."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from releasehub.core.actor import Actor
from releasehub.core.errors import Denied
from releasehub.core.foreign import check_foreign
from releasehub.outbound.client import check_target
from releasehub.outbound.failures import Refused, Unreachable
from releasehub.webhooks import filters, signing
from releasehub.webhooks.authentication import invalid, split_credentials
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import endpoint_policy

MAX_URL_CHARACTERS = 2000
MAX_TITLE_CHARACTERS = 100
MAX_DESCRIPTION_CHARACTERS = 200
MAX_CRITERIA_FIELDS = 20
MAX_CRITERIA_VALUES = 100
MAX_VALUE_CHARACTERS = 200
AUDITED_FIELDS = ("title", "description", "format", "events", "criteria", "is_active", "verify_tls")
_FOREIGN = {"foreign_events": "events", "foreign_criteria": "criteria"}
_CHANGEABLE = frozenset({"url", *AUDITED_FIELDS, *_FOREIGN})
_FIELD = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){0,3}")


def check_fields(fields: Mapping[str, Any]) -> None:
    if unknown := sorted(fields.keys() - _CHANGEABLE):
        raise invalid(unknown[0], f"{unknown[0]} is not a field that can be set.")
    if fields.get("format", Endpoint.Format.STANDARD) not in Endpoint.Format.values:
        raise invalid("format", f"Use one of these formats: {', '.join(Endpoint.Format.values)}.")
    for name, limit in (("title", MAX_TITLE_CHARACTERS), ("description", MAX_DESCRIPTION_CHARACTERS)):
        if len(text := fields.get(name, "")) > limit or not text.isprintable():
            raise invalid(name, f"Enter one line of at most {limit} characters.")
    _check_events(fields.get("events", []))
    _check_criteria(fields.get("criteria", {}))
    for name, sent_as in _FOREIGN.items():
        check_foreign(fields.get(name, {}), field=sent_as)
    if "url" in fields:
        check_url(fields["url"])


def _check_events(events: Sequence[Any]) -> None:
    if not isinstance(events, list) or not all(isinstance(name, str) for name in events):
        raise invalid("events", "Send a list of event names.")
    if unknown := sorted(set(events) - filters.NAMES):
        raise invalid("events", f"There is no event named {unknown[0]}.")


def _check_criteria(criteria: Any) -> None:
    blocks = list(criteria.values()) if isinstance(criteria, dict) else [None]
    if not all(isinstance(block, dict) and all(isinstance(item, list) for item in block.values()) for block in blocks):
        raise invalid(
            "criteria",
            "Send an object of object types, each with an object of fields, each with a list of allowed values.",
        )
    if unknown := sorted(set(criteria) - set(filters.KINDS)):
        raise invalid("criteria", f"There is no object type {unknown[0]}. Use one of: {', '.join(filters.KINDS)}.")
    for block in criteria.values():
        if len(block) > MAX_CRITERIA_FIELDS or not all(_FIELD.fullmatch(name) for name in block):
            raise invalid(
                "criteria", f"Use at most {MAX_CRITERIA_FIELDS} fields, with their names from the data of an event."
            )
        for values in block.values():
            if len(values) > MAX_CRITERIA_VALUES or not all(_is_value(value) for value in values):
                raise invalid(
                    "criteria", f"Use at most {MAX_CRITERIA_VALUES} strings, numbers, true, false or null per field."
                )


def _is_value(value: Any) -> bool:
    """Return whether a snapshot can contain the value, and every database can store it."""
    if isinstance(value, str):
        return len(value) <= MAX_VALUE_CHARACTERS and value.isprintable()
    return value is None or isinstance(value, (bool, int, float))


def check_tls(actor: Actor, fields: Mapping[str, Any]) -> None:
    """Check that the actor may disable TLS verification, if the fields do that."""
    if not fields.get("verify_tls", True) and not endpoint_policy.can_skip_tls(actor):
        raise Denied(
            "Only staff can disable TLS verification. Leave it enabled, or ask the operator of this hub.",
            field="verify_tls",
        )


def check_url(url: str) -> None:
    """Check that events may be sent to the URL. Credentials in it are ignored here, because they are stored apart.

    This resolves the host name, which may take seconds, so call it outside of a transaction. If the name cannot be
    resolved, the URL is accepted: the worker may know names that this process does not, and it checks the URL again for
    every attempt.
    """
    url = split_credentials(url)[0]
    if len(url) > MAX_URL_CHARACTERS:
        raise invalid("url", f"The URL is too long. It can have at most {MAX_URL_CHARACTERS} characters.")
    try:
        check_target(url)
    except Unreachable:
        return
    except Refused as error:
        raise invalid("url", error.reason) from None


def clean_secret(secret: str, format_: str) -> str:
    """Return the secret, or a new one if it is empty. `format_` is the format of the endpoint."""
    if format_ == Endpoint.Format.V3:
        if secret and not signing.is_usable_token(secret):
            raise invalid("secret", "Use 1 to 200 printable characters without spaces.")
    elif secret and not signing.is_usable(secret):
        text = "Use 8 to 200 printable characters without spaces, or whsec_ and 24 to 64 bytes in base64."
        raise invalid("secret", text)
    return secret or signing.new_secret()
