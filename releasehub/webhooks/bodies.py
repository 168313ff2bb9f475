"""Load claimed deliveries with their bodies, which are rendered once and then stored, and the keys that sign them."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from django.db import DatabaseError

from releasehub.core import encryption
from releasehub.core.inserts import insert_all
from releasehub.webhooks import clock, formats
from releasehub.webhooks.lanes import ClaimedDelivery
from releasehub.webhooks.models import Delivery, Endpoint, Event, Payload

log = logging.getLogger(__name__)


def load_deliveries(ids: Sequence[int], token: str) -> defaultdict[int, list[ClaimedDelivery]]:
    """Return the claimed deliveries of each endpoint, in order. Those that cannot be rendered are marked as failed."""
    rows = list(Delivery.objects.filter(pk__in=ids, lease_token=token).order_by("pk"))
    bodies = _bodies({(row.event_id, row.format) for row in rows})
    claimed: defaultdict[int, list[ClaimedDelivery]] = defaultdict(list)
    for row in rows:
        stored = bodies.get((row.event_id, row.format))
        if stored is None:
            _fail_without_attempt(row)
            continue
        body, request_id = stored
        number = row.attempt_count + 1
        claimed[row.endpoint_id].append(
            ClaimedDelivery(row.pk, row.webhook_id, row.format, number, row.step, body.encode(), request_id)
        )
    return claimed


def _bodies(body_keys: set[tuple[int, str]]) -> dict[tuple[int, str], tuple[str, str]]:
    """Return the body and the request id by event and format. A missing body is rendered and stored."""
    bodies = _stored_bodies(body_keys)
    if missing_keys := body_keys - bodies.keys():
        events = Event.objects.in_bulk({event_id for event_id, _ in missing_keys})
        rendered = {key: _render(key[1], events[key[0]]) for key in sorted(missing_keys)}
        rows = [Payload(event_id=key[0], format=key[1], body=body) for key, body in rendered.items() if body]
        # Another worker may render the same body. The first one that is stored is sent by all workers.
        insert_all(rows, ignore_conflicts=True)
        # Read again instead of using the rendered text, because the stored body may be that of the other worker.
        bodies |= _stored_bodies(missing_keys)
    return bodies


def _stored_bodies(body_keys: set[tuple[int, str]]) -> dict[tuple[int, str], tuple[str, str]]:
    rows = Payload.objects.filter(event__in={event_id for event_id, _ in body_keys})
    values = rows.values_list("event", "format", "body", "event__request_id")
    return {(event_id, format_): (body, request_id) for event_id, format_, body, request_id in values}


def _render(format_: str, event: Event) -> str:
    try:
        return formats.render(format_, event)
    except DatabaseError:
        raise  # a database outage is temporary, so the delivery must not be given up
    except Exception:  # the renderer of another app must not stop all other deliveries
        log.exception("Event %s could not be rendered as %s.", event.public_id, format_)
        return ""


def _fail_without_attempt(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token).update(
        state=Delivery.State.FAILED, lease_until=None, lease_token="", finished_at=clock.now()
    )


def keys_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the decrypted secrets that are valid now, the newest first, or nothing if they cannot be decrypted."""
    try:
        secret = encryption.decrypt(endpoint.sealed_secret)
    except encryption.DecryptionError:
        log.error("The secret of %s cannot be decrypted with the current SECRET_KEY. Rotate the secret.", endpoint)
        return ()
    if endpoint.is_previous_secret_valid:
        with suppress(encryption.DecryptionError):  # this is why the secret was rotated
            return secret, encryption.decrypt(endpoint.sealed_previous_secret)
    return (secret,)
