"""The data of a lane: its deliveries, as they were claimed, and the outcomes of their attempts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from releasehub.webhooks.authentication import Authentication
from releasehub.webhooks.models import Attempt

GONE_STATUS = 410


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery in a lane, ready to be signed and sent.

    `number` is the number of the attempt, and `request_id` the id of the request that caused the event, if any.
    """

    delivery_id: int
    webhook_id: str
    format: str
    number: int
    step: int
    body: bytes
    request_id: str


@dataclass(frozen=True)
class Lane:
    """Deliveries of one endpoint that one thread sends in order, under one lease.

    Attributes:
        is_failing: Whether the last attempt had failed when the lane was claimed.
        keys: The decrypted secrets, the newest first. It is empty if they cannot be decrypted.
        authentication: The authentication at the receiver, or None if it cannot be decrypted.
    """

    endpoint_id: int
    is_failing: bool
    url: str
    verify_tls: bool
    keys: tuple[str, ...]
    authentication: Authentication | None
    token: str
    deliveries: tuple[ClaimedDelivery, ...]


@dataclass(frozen=True)
class AttemptOutcome:
    """The result of one attempt. `retry_after` is the unparsed header of the response."""

    delivery: ClaimedDelivery
    endpoint_id: int
    was_failing: bool
    token: str
    result: Attempt.Result
    started_at: datetime
    duration_ms: int
    headers: Mapping[str, str]
    status_code: int | None = None
    error: str = ""
    response: str = ""
    retry_after: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.result == Attempt.Result.DELIVERED

    @property
    def is_gone(self) -> bool:
        return self.status_code == GONE_STATUS
