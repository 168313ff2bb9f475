"""The scheduler of the periodic tasks, for `celery beat` and for the embedded worker."""

import time
from datetime import UTC, datetime, timedelta

from celery.beat import Scheduler
from celery.schedules import schedule

FIRST_RUN_SECONDS = 300
# The clock of Linux that also counts the time in which the machine sleeps.
STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_now() -> datetime:
    """Return a time that only goes forward. Its date means nothing."""
    return datetime.fromtimestamp(time.clock_gettime(STEADY_CLOCK), UTC)


class HubScheduler(Scheduler):
    """A scheduler in memory that runs rare tasks a few minutes after it starts, and then at their intervals.

    Celery's scheduler waits a whole interval before the first run, so the daily tasks of a hub that is restarted every
    day would never run. Every task may run again at any time. There is no schedule file to repair after a crash.

    Intervals are measured with a clock that cannot be set. With the clock of the system, no task would run for a day
    after that clock was set back by a day.
    """

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for name, options in self.app.conf.beat_schedule.items():
            entry, interval = self.schedule[name], timedelta(seconds=options["schedule"])
            entry.schedule = schedule(interval, nowfun=steady_now, app=self.app)
            entry.last_run_at = entry.default_now() + min(interval, timedelta(seconds=FIRST_RUN_SECONDS)) - interval
