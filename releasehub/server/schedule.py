"""The scheduler of the periodic tasks, for `celery beat` and for the embedded worker."""

from datetime import timedelta

from celery.beat import Scheduler

FIRST_RUN_SECONDS = 300


class HubScheduler(Scheduler):
    """A scheduler in memory that runs rare tasks a few minutes after it starts, and then at their intervals.

    Celery's scheduler waits a whole interval before the first run, so the daily tasks of a hub that is restarted every
    day would never run. Every task may run again at any time. There is no schedule file to repair after a crash.
    """

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for name, options in self.app.conf.beat_schedule.items():
            entry, interval = self.schedule[name], timedelta(seconds=options["schedule"])
            entry.last_run_at = entry.default_now() + min(interval, timedelta(seconds=FIRST_RUN_SECONDS)) - interval
