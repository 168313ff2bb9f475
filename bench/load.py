"""Load generators for one URL: wrk if it is installed, otherwise a small client with threads that reuse connections."""

import http.client
import json
import re
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat
from pathlib import Path

CONNECTIONS = 8
SCRIPT = Path(__file__).with_name("unique.lua")
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
_salts = count(int(time.time()) % 1_000_000)


@dataclass(frozen=True)
class LoadJob:
    """A request to repeat: a GET of a path, or a POST that creates a version.

    With `creates_in` (first ID and number of downloads), each POST creates a new version in one of those downloads.
    With `new_body`, which is JSON with `%s` in it, each POST sends another text in that place.
    """

    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    creates_in: tuple[int, int] | None = None
    new_body: str = ""


@dataclass(frozen=True)
class Load:
    """The result of a load test. Times are in milliseconds.

    `failed` counts responses that were neither 2xx nor 3xx, and requests without a response.
    """

    requests: int
    per_second: float
    p50: float
    p99: float
    failed: int


def press(job: LoadJob, seconds: float) -> Load:
    """Run the load test for `seconds` and return its result.

    Raises:
        RuntimeError: The output of wrk has an unexpected form.
    """
    wrk = shutil.which("wrk")
    return press_with_wrk(wrk, job, seconds) if wrk else press_with_threads(job, seconds)


def press_with_wrk(wrk: str, job: LoadJob, seconds: float) -> Load:
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "20s"]
    for name, value in job.headers.items():
        command += ["-H", f"{name}: {value}"]
    environment = {}
    if job.creates_in:
        first, number = job.creates_in
        command += ["-s", str(SCRIPT)]
        environment = {"SALT": str(next(_salts)), "FIRST": str(first), "COUNT": str(number)}
    elif job.new_body:
        command += ["-s", str(SCRIPT)]
        environment = {"SALT": str(next(_salts)), "BODY": job.new_body}
    command.append(f"http://127.0.0.1:{job.port}{job.path}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}: {done.stderr}{done.stdout}")
    return read_wrk(done.stdout)


def read_wrk(text: str) -> Load:
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(
        requests=int(find(r"(\d+) requests in", text)),
        per_second=float(find(r"Requests/sec:\s+([\d.]+)", text)),
        p50=milliseconds(find(r"\s50%\s+(\S+)", text)),
        p99=milliseconds(find(r"\s99%\s+(\S+)", text)),
        failed=sum(map(int, sockets.groups() if sockets else ())) + (int(refused[1]) if refused else 0),
    )


def find(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk did not say {pattern}:\n{text}")
    return match[1]


def milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    return float(match[1]) * MILLISECONDS[match[2]] if match else 0.0


def press_with_threads(job: LoadJob, seconds: float) -> Load:
    times: list[float] = []
    failures: list[int] = []
    bodies = new_bodies(job)
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(job, bodies, end, times, failures)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ordered = sorted(times) or [0.0]
    p99 = ordered[int(len(ordered) * 0.99)]
    return Load(len(times), len(times) / seconds, statistics.median(ordered), p99, sum(failures))


def client(job: LoadJob, bodies: Iterator[bytes | None], end: float, times: list[float], failures: list[int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", job.port, timeout=20)
    failed = 0
    while time.monotonic() < end and failed < 1000:
        body = next(bodies)
        headers = job.headers if body is None else job.headers | {"Content-Type": "application/json"}
        started = time.perf_counter()
        try:
            connection.request("GET" if body is None else "POST", job.path, body, headers)
            response = connection.getresponse()
            response.read()
            failed += response.status >= 400
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
        times.append((time.perf_counter() - started) * 1000)
    connection.close()
    failures.append(failed)


def new_bodies(job: LoadJob) -> Iterator[bytes | None]:
    """Return the request bodies. Unlike a generator, `map` and `count` can be shared by several threads."""
    salt = next(_salts)
    if job.new_body:
        return map(str.encode, map(job.new_body.replace, repeat("%s"), map(f"2.{salt}.{{}}".format, count())))
    if job.creates_in is None:
        return repeat(None)
    first, number = job.creates_in

    def body(n: int) -> bytes:
        return json.dumps({"download_id": first + n % number, "version_string": f"2.{salt}.{n}"}).encode()

    return map(body, count())
