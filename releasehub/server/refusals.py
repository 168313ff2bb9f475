"""Why the server refuses the body of a request. The application answers; it finds the reason in the environment."""

from enum import StrEnum

REFUSAL = "releasehub.refusal"


class Refusal(StrEnum):
    TOO_SLOW = "too_slow"
    TOO_MANY_UPLOADS = "too_many_uploads"
