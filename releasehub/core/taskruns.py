"""How long each background task took the last time, and how often it failed: kept in the cache, for operators."""

from __future__ import annotations

import logging
import time
from typing import Any, TypedDict

from celery.signals import task_postrun, task_prerun
from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

KEPT_SECONDS = 7 * 24 * 3600
_started: dict[str, float] = {}


class TaskRun(TypedDict):
    """`finished_at` in epoch seconds; `seconds` it took; `failures` since the cache was emptied."""

    finished_at: float
    seconds: float
    failures: int


def connect() -> None:
    """Begin to note runs; called once, where the Celery application is made."""
    task_prerun.connect(_begin, dispatch_uid="taskruns")
    task_postrun.connect(_end, dispatch_uid="taskruns")


def last_runs(names: list[str]) -> dict[str, TaskRun]:
    """Of the tasks that ran. Empty while the cache cannot be reached."""
    try:
        found: dict[str, TaskRun] = cache.get_many([_key(name) for name in names])
    except RedisError:
        return {}
    return {name: found[_key(name)] for name in names if _key(name) in found}


def _begin(task_id: str = "", **_: Any) -> None:
    _started[task_id] = time.monotonic()


def _end(task_id: str = "", task: Any = None, state: str = "", **_: Any) -> None:
    seconds = time.monotonic() - _started.pop(task_id, time.monotonic())
    try:
        before = cache.get(_key(task.name)) or {"failures": 0}
        failures = before["failures"] + (state == "FAILURE")
        run = TaskRun(finished_at=time.time(), seconds=seconds, failures=failures)
        cache.set(_key(task.name), run, KEPT_SECONDS)
    except RedisError as error:
        log.warning("The run of %s was not noted: %s", task.name, error)


def _key(name: str) -> str:
    return f"task-run:{name}"
