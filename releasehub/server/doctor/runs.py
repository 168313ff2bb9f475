"""The times of the last runs of the scheduled tasks.

With Redis, they are in the cache. Without Redis, they are in the memory of the web process, which is asked for its
metrics.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families
from urllib3.exceptions import HTTPError

from releasehub.core.taskruns import last_runs
from releasehub.server.doctor.requests import send

METRIC = "releasehub_task_finished_time_seconds"


class HubNotRunning(Exception):
    """The web process does not answer, so its background tasks do not run either."""


def finish_times(tasks: Iterable[str]) -> dict[str, float]:
    """Return the time when each task last finished, in epoch seconds, without those that never ran.

    Raises:
        HubNotRunning: The hub has no Redis, and its web process does not answer.
    """
    if settings.REDIS_URL:
        return {name: run["finished_at"] for name, run in last_runs(list(tasks)).items()}
    return read_metrics(_own_metrics())


def read_metrics(text: str) -> dict[str, float]:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.labels["task"]: sample.value for sample in samples if sample.name == METRIC}


def _own_metrics() -> str:
    headers = {"Host": "localhost", "X-Forwarded-Proto": "https"}  # the hub must not redirect this request to HTTPS
    if settings.METRICS_TOKEN:
        headers["Authorization"] = f"Bearer {settings.METRICS_TOKEN}"
    url = f"http://127.0.0.1:{settings.WEB_PORT}/metrics"
    try:
        answer = send(url, headers)
    except HTTPError as error:
        raise HubNotRunning(f"No hub answers at {url}.") from error
    if answer.status != 200:
        raise HubNotRunning(f"{url} answered {answer.status}.")
    return answer.text
