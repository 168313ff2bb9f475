"""A client that reads, publishes and downloads over many connections at once, and counts every answer."""

import asyncio
import itertools
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from tests.services.processes import HOST

TIMEOUT_SECONDS = 60.0
# One network may hold 200 connections to a web process, so the clients come from several loopback addresses.
CONNECTIONS_PER_ADDRESS = 50
# The hub closes a connection after 15 seconds without a request.
REUSE_SECONDS = 10.0
# Refused clients wait as `Retry-After` asks, but no longer than this, so that the load continues.
MAX_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class LoadStep:
    """A kind of request, and its share of all requests. `body` returns the JSON of a POST."""

    kind: str
    weight: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Callable[[], bytes] | None = None


@dataclass
class Answers:
    """The answers of a run. `seconds` has the times of good answers by kind."""

    elapsed: float = 0.0
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> int:
        return sum(map(len, self.seconds.values()))

    def times(self) -> list[float]:
        return list(itertools.chain.from_iterable(self.seconds.values()))


def creations(first: int, count: int) -> Callable[[], bytes]:
    """Return a function whose results create versions in `count` downloads from the ID `first` on."""
    numbers, salt = itertools.count(), int(time.time())

    def body() -> bytes:
        number = next(numbers)
        return json.dumps({"download_id": first + number % count, "version_string": f"3.{salt}.{number}"}).encode()

    return body


@dataclass(frozen=True)
class Run:
    """The work of all clients: the requests, when it ends, and the mean pause between two requests of a client."""

    port: int
    steps: list[LoadStep]
    end: float
    pause: float
    answers: Answers


async def press(port: int, steps: list[LoadStep], connections: int, seconds: float, pause: float = 0.0) -> Answers:
    """Send requests over that many connections, each of them one after the other, until the time is over."""
    answers, started = Answers(), time.monotonic()
    run = Run(port, steps, started + seconds, pause, answers)
    sizes = [min(CONNECTIONS_PER_ADDRESS, connections - n) for n in range(0, connections, CONNECTIONS_PER_ADDRESS)]
    await asyncio.gather(*(client_group(run, number, size) for number, size in enumerate(sizes, 1)))
    answers.elapsed = time.monotonic() - started
    return answers


async def client_group(run: Run, number: int, size: int) -> None:
    """Run the clients of one address."""
    connector = aiohttp.TCPConnector(limit=0, local_addr=(f"127.0.1.{number}", 0), keepalive_timeout=REUSE_SECONDS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(f"http://{HOST}:{run.port}", connector=connector, timeout=timeout) as session:
        chances = [random.Random(f"{number} {client}") for client in range(size)]
        await asyncio.gather(*(client(run, session, chance) for chance in chances))


async def client(run: Run, session: aiohttp.ClientSession, chance: random.Random) -> None:
    weights = [step.weight for step in run.steps]
    pause = chance.uniform(0, 2 * run.pause)  # the clients do not start at the same moment
    while time.monotonic() + pause < run.end:
        await asyncio.sleep(pause)
        step = chance.choices(run.steps, weights)[0]
        wait = await send(session, step, run.answers)
        pause = wait + chance.uniform(0, 2 * run.pause)


async def send(session: aiohttp.ClientSession, step: LoadStep, answers: Answers) -> float:
    """Send a request, count its answer, and return the seconds to wait before the next one."""
    body = step.body() if step.body else None
    headers = step.headers | ({"Content-Type": "application/json"} if body else {})
    started = time.perf_counter()
    try:
        async with session.request("POST" if body else "GET", step.path, data=body, headers=headers) as response:
            await response.read()
    except TimeoutError:
        answers.errors[f"{step.kind}: no answer after {TIMEOUT_SECONDS:.0f} s"] += 1
        return 0
    except aiohttp.ClientError as error:
        answers.errors[f"{step.kind}: {type(error).__name__} {error}"] += 1
        return 0
    passed = time.perf_counter() - started
    if response.status < 300:
        answers.seconds[step.kind].append(passed)
    elif response.status == 503 and "Retry-After" in response.headers:
        answers.refused.append(passed)
        return min(float(response.headers["Retry-After"]), MAX_RETRY_SECONDS)
    else:
        answers.errors[f"{step.kind}: {response.status}"] += 1
    return 0


def quantiles(seconds: list[float]) -> tuple[float, float, float]:
    """Return the median, the 99th percentile and the maximum in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    return statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99)] * 1000, ordered[-1] * 1000
