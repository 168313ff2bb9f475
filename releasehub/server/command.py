"""The command line of the web server, which `manage.py serve`, the Docker image and docker-compose.yml share."""

import os
import sys
from pathlib import Path

from releasehub.server import watchdog as lifeline

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = "releasehub.server.application:application"
# Granian counts every connection, including idle ones, against the backpressure limit of a worker process.
OPTIONS = (
    ("--interface", "rsgi"),
    ("--http", "1"),
    ("--no-ws",),
    ("--blocking-threads", "1"),
    ("--backpressure", "1000"),
    ("--http1-header-read-timeout", "15000"),
    ("--workers-kill-timeout", "5"),  # a request that never ends must not prevent a shutdown
)


def granian_arguments(*, host: str, port: int, workers: int) -> list[str]:
    """Return the arguments of `granian`. The threads that answer requests are settings, see `WEB_THREADS`."""
    options = [part for option in OPTIONS for part in option]
    return [*options, "--host", host, "--port", str(port), "--workers", str(workers), APPLICATION]


def become_server(host: str, port: int, *, has_worker: bool) -> None:
    """Replace this process with the server of `serve`, so that every signal reaches the server."""
    if has_worker:
        os.environ["RELEASEHUB_EMBEDDED_WORKER"] = "1"
    os.environ["PORT"] = str(port)  # links outside of requests contain it
    # The server is a module of the hub, which Python has to find from every working directory.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    os.environ[lifeline.VARIABLE] = str(os.getpid())
    if sys.stdout is not None and sys.stdout.isatty():
        os.environ[lifeline.TERMINAL] = "1"
    os.execv(  # noqa: S606 - our own interpreter with fixed arguments
        sys.executable,
        [
            sys.executable, "-m", "releasehub.server.web_server", *granian_arguments(host=host, port=port, workers=1),
            "--working-dir", str(ROOT), "--respawn-failed-workers", "--log-level", "error",
        ],
    )  # fmt: skip
