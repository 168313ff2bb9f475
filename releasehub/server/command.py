"""The command line of the web server, which `manage.py serve`, the Docker image and docker-compose.yml share."""

from __future__ import annotations

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
