"""The times at which the periodic tasks run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from releasehub.server import schedule as hub_schedule
from releasehub.server.celery import app
from releasehub.server.schedule import FIRST_RUN_SECONDS, HubScheduler

pytestmark = pytest.mark.embedded


@pytest.fixture
def scheduler() -> HubScheduler:
    return HubScheduler(app=app)


def test_celery_uses_the_scheduler_of_the_hub() -> None:
    assert app.Beat().scheduler_cls == "releasehub.server.schedule:HubScheduler"


@pytest.mark.parametrize("name", settings.CELERY_BEAT_SCHEDULE)
def test_first_run_is_soon_after_the_start_and_the_next_one_after_the_interval(
    scheduler: HubScheduler, name: str
) -> None:
    entry, interval = scheduler.schedule[name], timedelta(seconds=settings.CELERY_BEAT_SCHEDULE[name]["schedule"])
    start = entry.default_now()
    first = entry.last_run_at + interval
    assert first <= start + timedelta(seconds=FIRST_RUN_SECONDS)
    assert first > start - timedelta(seconds=FIRST_RUN_SECONDS)  # not several runs at once
    following = next(entry)
    assert following.last_run_at >= start


def test_schedule_goes_on_when_the_clock_of_the_system_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub would otherwise send no webhooks and publish no version for as long as the clock was ahead."""
    clocks = {"system": datetime(2026, 6, 1, tzinfo=UTC), "steady": datetime(1970, 1, 2, tzinfo=UTC)}
    monkeypatch.setattr(app, "now", lambda: clocks["system"])
    monkeypatch.setattr(hub_schedule, "steady_now", lambda: clocks["steady"])
    scheduler, sent = HubScheduler(app=app), []
    monkeypatch.setattr(scheduler, "apply_entry", lambda entry, **options: sent.append(entry.name))
    clocks["system"] -= timedelta(days=1)
    clocks["steady"] += timedelta(seconds=FIRST_RUN_SECONDS)
    while scheduler.tick() == 0:
        pass
    assert sorted(sent) == sorted(settings.CELERY_BEAT_SCHEDULE)
