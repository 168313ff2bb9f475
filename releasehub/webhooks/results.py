"""Record the results of attempts: the attempt rows, the next state of each delivery, and the health of endpoints."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from releasehub.core.inserts import insert_all
from releasehub.webhooks import clock, formats
from releasehub.webhooks.lanes import AttemptOutcome
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from releasehub.webhooks.schedule import delay_after


def record(outcomes: Sequence[AttemptOutcome]) -> None:
    """Store the attempts and the new states of deliveries. Those whose lease was lost are ignored."""
    with transaction.atomic():
        # The rows are locked and their tokens compared: if a lease has expired and another worker has claimed the
        # delivery, the other worker records the result. Ordered by primary key, so that two workers cannot deadlock.
        current_tokens = dict(
            Delivery.objects.select_for_update()
            .filter(pk__in=[outcome.delivery.delivery_id for outcome in outcomes], state=Delivery.State.PENDING)
            .order_by("pk")
            .values_list("pk", "lease_token")
        )
        ours = [outcome for outcome in outcomes if current_tokens.get(outcome.delivery.delivery_id) == outcome.token]
        delays = {outcome.delivery.delivery_id: _delay(outcome) for outcome in ours}
        insert_all([_attempt(outcome) for outcome in ours if delays[outcome.delivery.delivery_id] is None])
        Attempt.objects.bulk_create(_attempts_to_retry(ours, delays))
        _finish([outcome.delivery.delivery_id for outcome in ours if outcome.is_delivered], Delivery.State.DELIVERED)
        failed_ids = [outcome.delivery.delivery_id for outcome in ours if not outcome.is_delivered]
        _finish([pk for pk in failed_ids if delays[pk] is None], Delivery.State.FAILED)
        _reschedule([pk for pk in failed_ids if delays[pk] is not None])
    _update_health(ours)


def _delay(outcome: AttemptOutcome) -> timedelta | None:
    """Return the time until the next attempt, or None if there is none."""
    if outcome.is_delivered or outcome.is_gone:
        return None
    return delay_after(outcome.delivery.step, outcome.retry_after, now=timezone.now())


def _attempts_to_retry(outcomes: Iterable[AttemptOutcome], delays: Mapping[int, timedelta | None]) -> list[Attempt]:
    """Return the attempts that will be retried.

    The time of the retry is a database expression, which `insert_all` does not support.
    """
    return [
        _attempt(outcome, next_attempt_at=clock.now(delay))
        for outcome in outcomes
        if (delay := delays[outcome.delivery.delivery_id]) is not None
    ]


def _attempt(outcome: AttemptOutcome, **fields: Any) -> Attempt:
    return Attempt(
        delivery_id=outcome.delivery.delivery_id,
        number=outcome.delivery.number,
        result=outcome.result,
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error[:300],
        request_headers=formats.redact_headers(outcome.headers),
        body_sha256=hashlib.sha256(outcome.delivery.body).hexdigest(),
        response=outcome.response,
        **fields,
    )


def _reschedule(delivery_ids: Collection[int]) -> None:
    """Schedule the next attempts for the times that were just stored with the last ones."""
    if delivery_ids:
        last = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-number")
        times = Subquery(last.values("next_attempt_at")[:1])
        _end_attempts(delivery_ids, step=F("step") + 1, next_attempt_at=times)


def _finish(delivery_ids: Collection[int], state: Delivery.State) -> None:
    if delivery_ids:
        _end_attempts(delivery_ids, state=state, finished_at=clock.now())


def _end_attempts(delivery_ids: Collection[int], **changes: Any) -> None:
    """Count the attempts, give the leases back, and store the changes."""
    rows = Delivery.objects.filter(pk__in=delivery_ids)
    rows.update(attempt_count=F("attempt_count") + 1, lease_until=None, lease_token="", **changes)


def _update_health(outcomes: Iterable[AttemptOutcome]) -> None:
    """Update the failure counts of endpoints after their last outcome.

    Each update is its own transaction, so that workers do not block each other. A success of an endpoint that was not
    failing when it was claimed writes nothing. If it has failed in the meantime, its next success resets the count.
    """
    last = {outcome.endpoint_id: outcome for outcome in outcomes}
    # Sorted, so that all workers update the endpoints in the same order.
    for endpoint_id, outcome in sorted(last.items(), key=lambda item: item[0]):
        if outcome.is_delivered and not outcome.was_failing:
            continue
        row = Endpoint.objects.filter(pk=endpoint_id)
        if outcome.is_delivered:
            row.update(failing_since=None, consecutive_failures=0)
        else:
            row.update(
                failing_since=Coalesce("failing_since", clock.now()),
                consecutive_failures=F("consecutive_failures") + 1,
            )
