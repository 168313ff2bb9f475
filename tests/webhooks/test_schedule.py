"""Tests of the retry schedule and of the header Retry-After."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from releasehub.webhooks.schedule import DELAYS, MAX_DELAY, delay_after, requested_delay

pytestmark = pytest.mark.embedded
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("step", range(len(DELAYS)))
def test_jitter_is_at_most_a_fifth_of_the_delay(step: int) -> None:
    waits = [delay_after(step, now=NOW) for _ in range(300)]
    assert all(wait is not None and DELAYS[step] <= wait <= DELAYS[step] * 1.2 for wait in waits)
    assert len(set(waits)) > 200


def test_delays_of_the_schedule() -> None:
    seconds = [delay.total_seconds() for delay in DELAYS]
    assert seconds == [5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert delay_after(len(DELAYS), "5", now=NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 400, 86400),
        (format_datetime(NOW + timedelta(minutes=3), usegmt=True), 180),
        (format_datetime(NOW - timedelta(minutes=3), usegmt=True), 0),
        *((text, 0) for text in ("", "-5", "1.5", "soon", "١٢", "Fri, 99 May 2026 12:00:00 GMT", "\x00")),
    ],
)
def test_retry_after_is_parsed(text: str, seconds: int) -> None:
    assert requested_delay(text, now=NOW) == timedelta(seconds=seconds)


def test_retry_after_lengthens_the_delay_up_to_a_day() -> None:
    assert delay_after(0, "600", now=NOW) == timedelta(seconds=600)
    assert delay_after(0, "999999", now=NOW) == MAX_DELAY
    wait = delay_after(1, "1", now=NOW)
    assert wait is not None
    assert wait >= DELAYS[1]
