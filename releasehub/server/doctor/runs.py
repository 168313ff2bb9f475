"""The times of the last runs of the scheduled tasks.

With Redis, they are in the cache. Without Redis, they are in the memory of the web process, which is asked for its
metrics.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families
from urllib3.exceptions import HTTPError

from releasehub.core.site import site_url
from releasehub.server.doctor.requests import send
from releasehub.server.task_runs import last_runs

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


def _own_address() -> str:
    """Return the address that the hub listens on. One that stands for all addresses includes loopback."""
    host = settings.WEB_HOST
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else str(host)


def _own_metrics() -> str:
    # With these headers, the hub accepts the host name and does not redirect to HTTPS.
    headers = {"Host": urlsplit(site_url()).netloc, "X-Forwarded-Proto": "https"}
    if settings.METRICS_TOKEN:
        headers["Authorization"] = f"Bearer {settings.METRICS_TOKEN}"
    url = f"http://{_own_address()}:{settings.WEB_PORT}/metrics"
    try:
        answer = send(url, headers)
    except HTTPError as error:
        raise HubNotRunning(f"No hub answers at {url}.") from error
    if answer.status != 200:
        raise HubNotRunning(f"{url} answered {answer.status}.")
    return answer.text
