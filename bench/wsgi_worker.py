"""A process that sends requests to the WSGI application of one checkout: python bench/wsgi_worker.py MODULE.

Each line of standard input is a request as JSON, each line of standard output is the result. The checkout is the one in
PYTHONPATH, so this file depends on nothing but the standard library and Django.
"""

import cProfile
import importlib
import io
import json
import pstats
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

Environ = dict[str, Any]


def environ_of(order: dict[str, Any], body: bytes) -> Environ:
    path, _, query = order["path"].partition("?")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in order["headers"].items()}
    return {
        "REQUEST_METHOD": "POST" if order["creates_in"] else "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_TYPE": "application/json" if order["creates_in"] else "",
        "CONTENT_LENGTH": str(len(body)) if order["creates_in"] else "",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
    } | headers


def bodies(order: dict[str, Any]) -> Iterator[bytes]:
    """Yield the body of each request. Bodies of new versions differ, like those of `bench.load`."""
    for number in range(order["requests"]):
        if not order["creates_in"]:
            yield b""
            continue
        first, downloads = order["creates_in"]
        text = f"2.{order['salt']}.{number}"
        yield json.dumps({"download_id": first + number % downloads, "version_string": text}).encode()


def call(application: Callable[..., Any], environ: Environ) -> tuple[int, bytes]:
    statuses: list[str] = []
    parts = application(environ, lambda status, headers, *error: statuses.append(status))
    body = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    return int(statuses[0].split()[0]), body


def run(application: Callable[..., Any], order: dict[str, Any]) -> dict[str, Any]:
    """Send the requests and return the CPU time of this process in milliseconds per request."""
    requests = [environ_of(order, body) for body in bodies(order)]
    status, body = 0, b""
    profiler = cProfile.Profile(time.process_time) if order["profile"] else None
    if profiler:
        profiler.enable()
    started = time.process_time()
    for environ in requests:
        status, body = call(application, environ)
        if status >= 400:
            break
    used = time.process_time() - started
    if profiler:
        profiler.disable()
    profile = described(profiler, len(requests)) if profiler else ""
    text = body.decode(errors="replace")
    return {"cpu_ms": used * 1000 / len(requests), "status": status, "body": text, "profile": profile}


def described(profiler: cProfile.Profile, requests: int) -> str:
    """Return the functions with the largest cumulative times, as seconds for all requests together."""
    out = io.StringIO()
    out.write(f"{requests} requests\n")
    pstats.Stats(profiler, stream=out).sort_stats("cumulative").print_stats(100)
    return out.getvalue()


def main(module: str) -> None:
    application = importlib.import_module(module).application
    results, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        results.write(json.dumps(run(application, json.loads(line))) + "\n")
        results.flush()


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this script
    main(sys.argv[1])
