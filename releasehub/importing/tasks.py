"""Background tasks of imports. Every task is idempotent."""

from celery import shared_task
from django.conf import settings

from releasehub.core.tasks import hint
from releasehub.importing.leases import runs_under_way, waiting_runs
from releasehub.importing.running import work
from releasehub.importing.services import RUN_TASK, start_due_runs

SLICE_SECONDS = 60.0


@shared_task(name=RUN_TASK)
def run_import(run_id: int) -> str | None:
    """Continue one run for a minute, then wake a worker for the run that has waited longest, which may be the same.

    If enough other runs are under way, this one waits for the schedule, because slow hosts must not occupy all threads
    that wait for other servers.
    """
    if runs_under_way() >= settings.IMPORTS_AT_ONCE:
        return None
    run = work(run_id, seconds=SLICE_SECONDS)
    if run is None:
        return None
    for waiting_id in waiting_runs()[:1]:
        hint(RUN_TASK, waiting_id)
    return run.state


@shared_task(name="importing.sweep")
def sweep_imports() -> int:
    """Start the runs of the schedule, and continue those whose worker has died or that have waited long enough."""
    start_due_runs()
    run_ids = waiting_runs()
    for run_id in run_ids:
        hint(RUN_TASK, run_id)
    return len(run_ids)
