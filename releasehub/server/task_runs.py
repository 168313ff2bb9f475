"""Statistics of background tasks for operators: the duration of the last run and the number of failures.

They are stored in the cache, so that every process can report them.
"""

import time
from typing import Any, TypedDict

from celery.signals import task_postrun, task_prerun
from django.core.cache import cache

RETENTION_SECONDS = 7 * 24 * 3600
_start_times: dict[str, float] = {}


class TaskRun(TypedDict):
    """The last run of a task.

    Attributes:
        finished_at: The end of the run in epoch seconds.
        failures: The number of failed runs since the cache was last cleared.
    """

    finished_at: float
    seconds: float
    failures: int


def connect() -> None:
    """Start recording runs. The module that creates the Celery application calls this once."""
    task_prerun.connect(_begin, dispatch_uid="task_runs")
    task_postrun.connect(_end, dispatch_uid="task_runs")


def last_runs(names: list[str]) -> dict[str, TaskRun]:
    """Return the last run of each named task that has run, or nothing while Redis cannot be reached."""
    runs: dict[str, TaskRun] = cache.get_many([_key(name) for name in names])
    return {name: runs[_key(name)] for name in names if _key(name) in runs}


def _begin(task_id: str = "", **_: Any) -> None:
    _start_times[task_id] = time.monotonic()


def _end(task_id: str = "", task: Any = None, state: str = "", **_: Any) -> None:
    seconds = time.monotonic() - _start_times.pop(task_id, time.monotonic())
    previous = cache.get(_key(task.name)) or {"failures": 0}
    failures = previous["failures"] + (state == "FAILURE")
    run = TaskRun(finished_at=time.time(), seconds=seconds, failures=failures)
    cache.set(_key(task.name), run, RETENTION_SECONDS)


def _key(name: str) -> str:
    return f"task-run:{name}"
