"""Reasons to reject a request unread. The bridge puts the reason into the environment, and the application responds."""

import io
from enum import StrEnum
from typing import Any

REFUSAL = "releasehub.refusal"


class Refusal(StrEnum):
    TOO_SLOW = "too_slow"
    INCOMPLETE = "incomplete"
    TOO_MANY_UPLOADS = "too_many_uploads"
    OVERLOADED = "overloaded"


def refusal_environ(environ: dict[str, Any], refusal: Refusal) -> dict[str, Any]:
    """Return the environment for a request that was rejected. The application responds without reading it."""
    return environ | {REFUSAL: refusal, "wsgi.input": io.BytesIO()}
