"""Compare the CPU time of requests of this checkout, of an earlier one and of the baseline, in turns.

    .venv/bin/python bench/interleaved.py --before FOLDER           all targets; FOLDER holds the earlier checkout
    .venv/bin/python bench/interleaved.py --only create --profile   print where the time of this checkout goes

The requests go to the WSGI application without a web server, and the sides answer the same request in turns, so the
ratios also hold on a busy machine. docs/performance.md explains how to read them.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

if not __package__:  # started as a script: find the package from the root of the checkout
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import processes, servers
from bench.load import LoadJob
from bench.servers import Cluster, Environment, Setup
from bench.targets import BenchmarkTarget, targets
from tests.services.run import services, temporary_folder

WORKER = Path(__file__).with_name("wsgi_worker.py")
HUB, BASELINE = "releasehub.server.wsgi", "bench.baseline.app"
WARM_UP = 20
_salts = count(1)


@dataclass
class MeasuredProcess:
    """A process with the application of one checkout, or the baseline."""

    name: str
    process: "subprocess.Popen[str]"
    cluster: Cluster
    is_baseline: bool = False

    def fetch(self, job: LoadJob) -> tuple[int, bytes]:
        found = self.send(job, 1)
        return found["status"], found["body"].encode()

    def measure(self, job: LoadJob, requests: int) -> dict[str, Any]:
        """Run the requests, which have to succeed."""
        found = self.send(job, requests)
        if found["status"] >= 400:
            raise RuntimeError(f"{self.name} answered {job.path} with {found['status']}: {found['body'][:2000]}")
        return found

    def send(self, job: LoadJob, requests: int, *, profile: bool = False) -> dict[str, Any]:
        """Run the requests and add the CPU time of PostgreSQL to the result."""
        order = asdict(job) | {"requests": requests, "salt": next(_salts), "profile": profile}
        before = processes.run_seconds(self.cluster.pid)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        found["postgres_ms"] = (processes.run_seconds(self.cluster.pid) - before) * 1000 / requests
        return found


@dataclass
class Comparison:
    """CPU times in milliseconds by side, one value per round."""

    name: str
    web: dict[str, list[float]] = field(default_factory=dict)
    postgres: dict[str, list[float]] = field(default_factory=dict)

    def add(self, side: str, found: dict[str, Any]) -> None:
        self.web.setdefault(side, []).append(found["cpu_ms"])
        self.postgres.setdefault(side, []).append(found["postgres_ms"])

    def ratios(self, side: str) -> list[float]:
        both = zip(self.web[side], self.postgres[side], self.web["baseline"], self.postgres["baseline"], strict=True)
        return [(web + postgres) / (base + base_postgres) for web, postgres, base, base_postgres in both]

    def row(self) -> str:
        cells = [f"{self.name:<28}"]
        for side in self.web:
            web, postgres = statistics.median(self.web[side]), statistics.median(self.postgres[side])
            cells.append(f"{side} {web:.2f}+{postgres:.2f} ms")
            if side != "baseline":
                ratios = self.ratios(side)
                cells.append(f"= {statistics.median(ratios):.1f} [{min(ratios):.1f}..{max(ratios):.1f}]")
        return "  ".join(cells)


@contextmanager
def worker(
    name: str, module: str, environment: Environment, project: Path, cluster: Cluster
) -> Iterator[MeasuredProcess]:
    command = [sys.executable, str(WORKER), module]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=environment, cwd=project, stdin=pipe, stdout=pipe, text=True)
    try:
        yield MeasuredProcess(name, process, cluster, module == BASELINE)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def sides(options: argparse.Namespace) -> Iterator[tuple[list[MeasuredProcess], list[BenchmarkTarget]]]:
    """Start one process per side. Each has a copy of the same database, so the migrations must be the same."""
    setup = Setup(1, 1, 4)
    with (
        services("postgres", postgres_settings=servers.POSTGRES_SETTINGS) as found,
        temporary_folder() as folder,
        ExitStack() as stack,
    ):
        cluster = Cluster.of(found["DATABASE_URL"])
        base_env = servers.baseline_environment(setup, cluster.new_database("baseline"), folder)
        servers.seed_baseline(base_env["BASELINE_DATABASE_URL"], options.rows)
        hub_env = servers.hub_environment(setup, cluster.new_database("now"), folder)
        seeded = servers.seed_hub(hub_env, options.rows)
        servers.run_python(hub_env, "manage.py", "collectstatic", "--noinput", "-v0")
        started = [stack.enter_context(worker("baseline", BASELINE, base_env, servers.ROOT, cluster))]
        if options.before:
            before = options.before.resolve()
            before_env = servers.hub_environment(setup, cluster.new_database("before", copy_of="now"), folder, before)
            started.append(stack.enter_context(worker("before", HUB, before_env, before, cluster)))
        now = stack.enter_context(worker("now", HUB, hub_env, servers.ROOT, cluster))
        yield [*started, now], list(targets(0, 0, seeded, now.fetch))


def compare(options: argparse.Namespace) -> None:
    with sides(options) as (started, found):
        for target in found:
            if options.only not in target.name:
                continue
            comparison = Comparison(target.name)
            for side in started:
                side.send(target.baseline if side.is_baseline else target.hub, WARM_UP)
            for _ in range(options.rounds):
                for side in started:
                    job = target.baseline if side.is_baseline else target.hub
                    comparison.add(side.name, side.measure(job, options.requests))
            print(comparison.row(), flush=True)
            if options.profile:
                print(started[-1].send(target.hub, options.requests, profile=True)["profile"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--before", type=Path, metavar="FOLDER", help="an earlier checkout with the same migrations")
    add("--rounds", type=int, default=7, help="the number of rounds per target (%(default)s)")
    add("--requests", type=int, default=200, help="the number of requests per round (%(default)s)")
    add("--rows", type=int, default=20_000, help="the number of versions (%(default)s)")
    add("--only", default="", metavar="TEXT", help="targets with this in their name")
    add("--profile", action="store_true", help="print the functions in which this checkout spends its time")
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
