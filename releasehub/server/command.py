"""The command line of the web server; `manage.py serve`, the image and docker-compose.yml run the same one."""

from __future__ import annotations

APPLICATION = "releasehub.server.application:application"
# Granian counts connections, also idle ones, against the backpressure of each worker process.
OPTIONS = (
    ("--interface", "rsgi"),
    ("--http", "1"),
    ("--no-ws",),
    ("--blocking-threads", "1"),
    ("--backpressure", "1000"),
    ("--http1-header-read-timeout", "15000"),
    ("--workers-kill-timeout", "5"),  # a request that does not end must not keep the server from stopping
)


def granian_arguments(*, host: str, port: int, workers: int) -> list[str]:
    """Return the arguments of `granian`. The threads that answer requests are settings, see `WEB_THREADS`."""
    options = [part for option in OPTIONS for part in option]
    return [*options, "--host", host, "--port", str(port), "--workers", str(workers), APPLICATION]
