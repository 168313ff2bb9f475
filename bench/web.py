"""The comparison of the two web servers: requests, uploads, memory and idle load."""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import processes, servers, uploads
from bench.load import LoadJob, press
from bench.plan import Seeded
from bench.report import Result, Sample, Uploads, spread, table, upload_table
from bench.servers import Cluster, Server, Setup
from bench.targets import UPLOAD, targets
from bench.uploads import Place
from tests.services.run import services, temporary_folder

WARM_UP = 1.0
UPLOADS_PER_ROUND = 3
IDLE_SECONDS = 5
MIB = 1024 * 1024


@dataclass(frozen=True)
class Stage:
    """The running servers of both sides and their database cluster."""

    cluster: Cluster
    hub: Server
    baseline: Server
    seeded: Seeded
    folder: Path


@contextmanager
def stage(setup: Setup, rows: int) -> Iterator[Stage]:
    with (
        services("postgres", postgres_settings=servers.POSTGRES_SETTINGS) as found,
        temporary_folder() as folder,
        ExitStack() as stack,
    ):
        cluster = Cluster.of(found["DATABASE_URL"])
        data, received = folder / "data", folder / "uploads"
        data.mkdir()
        received.mkdir()
        hub_env = servers.hub_environment(setup, cluster.new_database("hub"), data)
        base_env = servers.baseline_environment(setup, cluster.new_database("baseline"), received)
        started = time.monotonic()
        seeded = servers.seed_hub(hub_env, rows)
        servers.seed_baseline(base_env["BASELINE_DATABASE_URL"], rows)
        servers.run_python(hub_env, "manage.py", "collectstatic", "--noinput", "-v0")
        print(f"{rows:,} versions on both sides in {time.monotonic() - started:.0f} s", flush=True)
        start = servers.serving
        hub = stack.enter_context(
            start("ReleaseHub", "releasehub.server.wsgi:application", hub_env, setup, folder / "hub.log")
        )
        base = stack.enter_context(
            start("The baseline", "bench.baseline.app:application", base_env, setup, folder / "baseline.log")
        )
        yield Stage(cluster, hub, base, seeded, folder)


def measure(on: Stage, rounds: int, seconds: float, only: str) -> list[Result]:
    chosen = [target for target in targets(on.hub.port, on.baseline.port, on.seeded) if only in target.name]
    results = {target.name: Result(target.name, target.budget, target.aim) for target in chosen}
    for number in range(1, rounds + 1):
        for target in chosen:
            result = results[target.name]
            result.baseline.append(sample(target.baseline, on.baseline, on.cluster, seconds))
            result.hub.append(sample(target.hub, on.hub, on.cluster, seconds))
            print(f"round {number}  {target.name:<24} {spread(result.speed_ratios()[-1:])}", flush=True)
    return list(results.values())


def sample(job: LoadJob, server: Server, cluster: Cluster, seconds: float) -> Sample:
    press(job, WARM_UP)
    roots = (server.pid, cluster.pid)
    before = [processes.cpu_seconds(root) for root in roots]
    load = press(job, seconds)
    after = [processes.cpu_seconds(root) for root in roots]
    app, postgres = ((b - a) * 1000 / max(1, load.requests) for a, b in zip(before, after, strict=True))
    return Sample(load, app, postgres)


def measure_uploads(on: Stage, rounds: int, mebibytes: int) -> Uploads:
    size, found = mebibytes * MIB, Uploads()
    bare = on.folder / "bare"
    bare.mkdir()
    key, version = {"XF-Api-Key": on.seeded.key}, {"version_id": str(on.seeded.upload_version)}
    hub = Place(on.hub.port, "/api/mc-dm-files/", on.folder / "data" / "files", key, version)
    baseline = Place(on.baseline.port, "/upload", on.folder / "uploads", {}, {})
    for number in range(rounds * UPLOADS_PER_ROUND):
        found.bare.append(uploads.bare_megabytes_per_second(bare, size))
        found.baseline.append(uploads.megabytes_per_second(baseline, size))
        found.hub.append(uploads.megabytes_per_second(hub, size))
        print(f"upload {number + 1}  hub {found.hub[-1]:.0f}  baseline {found.baseline[-1]:.0f} MB/s", flush=True)
    return found


def workers(server: Server) -> list[int]:
    return [pid for pid in processes.tree(server.pid) if pid != server.pid]


def memory(server: Server) -> dict[str, float]:
    """Return the current and the peak memory of the largest web worker in MiB."""
    pids = workers(server)
    return {"pss": max(map(processes.pss_mib, pids)), "peak": max(map(processes.peak_mib, pids))}


def idle_percent(server: Server) -> float:
    """Return the CPU usage of the idle server in percent of one core."""
    time.sleep(1)
    before = processes.cpu_seconds(server.pid)
    time.sleep(IDLE_SECONDS)
    return (processes.cpu_seconds(server.pid) - before) / IDLE_SECONDS * 100


def compare_web(options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """Compare the two web servers. Return the figures, and True if every request succeeded."""
    setup = Setup(options.workers, options.threads, options.pool)
    with stage(setup, options.rows[0]) as on:
        results = measure(on, options.rounds, options.seconds, options.only)
        figures: dict[str, Any] = {"setup": asdict(setup), "targets": [result.as_json() for result in results]}
        if results:
            print("\n" + table(results))
        before = memory(on.hub)
        if options.only in UPLOAD:
            found = measure_uploads(on, options.rounds, options.upload)
            print("\n" + upload_table(found, options.upload))
            figures["uploads"] = asdict(found)
        figures["memory"] = memory(on.hub) | {"peak_before_uploads": before["peak"]}
        figures["idle_percent"] = idle_percent(on.hub)
    print_memory(figures)
    return figures, not any(result.failed() for result in results)


def print_memory(figures: dict[str, Any]) -> None:
    used = figures["memory"]
    print(f"\nweb worker: {used['pss']:.0f} MiB (PSS), budget 130")
    if "uploads" in figures:
        print(f"uploads raised its peak by {used['peak'] - used['peak_before_uploads']:.1f} MiB, budget 32")
    print(f"idle: {figures['idle_percent']:.1f} % of a core, budget 1")
