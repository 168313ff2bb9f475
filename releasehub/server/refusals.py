"""Reasons to reject a request body. The bridge puts the reason into the environment, and the application responds."""

from enum import StrEnum

REFUSAL = "releasehub.refusal"


class Refusal(StrEnum):
    TOO_SLOW = "too_slow"
    TOO_MANY_UPLOADS = "too_many_uploads"
