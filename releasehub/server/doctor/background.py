"""The broker, the workers and the schedule."""

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from releasehub.server.celery import app
from releasehub.server.doctor.registry import register
from releasehub.server.doctor.runs import HubNotRunning, finish_times

REPLY_SECONDS = 3.0
MISSED_RUNS = 3
GRACE_SECONDS = 60.0
FREQUENT_SECONDS = 60.0
SCHEDULE_HINT = "Check that beat runs exactly once, and that a worker consumes the queue of the task."
REFUSAL_HINT = (
    "Check that REDIS_URL leads to the primary with a password and a user that may write, and check maxmemory and "
    "min-replicas-to-write in the configuration of Redis."
)
NOT_RUNNING_HINT = "Start the hub, or set PORT to the port that it listens on."


@register("broker")
def check_broker() -> Iterator[CheckMessage]:
    if not settings.REDIS_URL:
        yield Info("REDIS_URL is not set, so broker and cache are in the web process.")
        return
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=REPLY_SECONDS, socket_timeout=REPLY_SECONDS
        ) as redis:
            redis.ping()
            memory: Any = redis.info("memory")
            redis.set("doctor", 1, ex=60)
    except ResponseError as error:
        yield Error(f"Redis answers, but refuses changes. Cause: {error}", hint=REFUSAL_HINT)
        return
    except RedisError as error:
        yield Error(f"Redis cannot be reached. Cause: {error}", hint="Start Redis, and check REDIS_URL.")
        return
    yield judge_memory(memory)


def judge_memory(memory: dict[str, Any]) -> CheckMessage:
    """Warn about a limit at which Redis refuses hints to workers. With an eviction policy, it forgets some instead."""
    used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    if limit and used > 0.9 * limit:
        return Warning(
            f"Redis uses {used} of the {limit} bytes that it may use.",
            hint="Raise maxmemory of Redis, or find the queue that grows: no worker consumes it.",
        )
    return Info("Redis answers.")


@register("workers")
def check_workers() -> Iterator[CheckMessage]:
    """Ask all workers which queues they consume. Every queue needs a worker."""
    if not settings.REDIS_URL:
        yield from check_embedded_workers()
        return
    replies = app.control.inspect(timeout=REPLY_SECONDS).active_queues() or {}
    consumed = {queue["name"] for queues in replies.values() for queue in queues}
    missing = sorted(needed_queues() - consumed)
    if missing:
        yield Error(
            f"No worker consumes: {', '.join(missing)}. Workers that answered: {', '.join(sorted(replies)) or 'none'}.",
            hint=f"Start one: celery -A releasehub.server worker -Q {','.join(missing)}",
        )
    else:
        yield Info(f"Each queue has a worker. Workers that answered: {', '.join(sorted(replies))}.")


def check_embedded_workers() -> Iterator[CheckMessage]:
    try:
        finish_times([])
    except HubNotRunning as error:
        yield Error(f"{error} Without REDIS_URL, the workers are threads of that process.", hint=NOT_RUNNING_HINT)
    else:
        yield Info("The web process answers; its threads are the workers.")


def needed_queues() -> set[str]:
    return {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}


@register("schedule")
def check_schedule() -> Iterator[CheckMessage]:
    schedule: list[dict[str, Any]] = list(settings.CELERY_BEAT_SCHEDULE.values())
    intervals = {str(entry["task"]): float(entry["schedule"]) for entry in schedule}
    try:
        finished = finish_times(intervals)
    except HubNotRunning as error:
        yield Error(f"{error} Without REDIS_URL, that process runs the schedule.", hint=NOT_RUNNING_HINT)
        return
    known = {task: at for task, at in finished.items() if task in intervals}
    yield from judge_runs(intervals, known, time.time())


def judge_runs(intervals: dict[str, float], finished: dict[str, float], now: float) -> Iterator[CheckMessage]:
    """Report the tasks that have missed several runs, and frequent ones that never ran.

    Rare tasks that never ran may just wait for their turn: the schedule begins anew when the hub starts without Redis.
    """
    late = [task for task in finished if now - finished[task] > MISSED_RUNS * intervals[task] + GRACE_SECONDS]
    never = [task for task in intervals if task not in finished and intervals[task] <= FREQUENT_SECONDS]
    for task in late:
        yield Error(
            f"The task {task} last ran {now - finished[task]:.0f} seconds ago. It is due every {intervals[task]:.0f} "
            "seconds.",
            hint=SCHEDULE_HINT,
        )
    if never:
        kind = Warning if finished else Error
        yield kind(
            f"These tasks have never run: {', '.join(never)}.", hint=f"{SCHEDULE_HINT} Just after a start, wait."
        )
    if not late and not never:
        yield Info(f"{len(finished)} of {len(intervals)} scheduled tasks have run, and none of them is late.")
