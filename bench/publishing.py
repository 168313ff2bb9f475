"""Measurement of the versions per second that the single process of `make run` publishes, on SQLite."""

import json
import os
import statistics
import sys
from dataclasses import dataclass, field
from functools import partial

from bench import processes
from bench.load import CONNECTIONS, Load, LoadJob, press
from bench.report import spread
from bench.servers import answers, run_python
from tests.services.processes import HOST, free_ports, running, wait_until
from tests.services.run import make_folder, temporary_folder
from tests.services.servers import ROOT

PUBLISHING = "publishing"
DOWNLOADS = 50
WARM_UP_SECONDS = 2.0
GOAL = 150
START_SECONDS = 300.0


@dataclass
class Published:
    """The rounds of the load, and the CPU time of the process in milliseconds per version, background work included."""

    loads: list[Load] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(rounds: int, seconds: float) -> Published:
    found = Published()
    with temporary_folder() as folder:
        port, data = free_ports(1), make_folder(folder / "data")
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "RELEASEHUB_DATA_DIR": str(data)}
        environment |= {"RELEASEHUB_DEMO": "0"}
        made = json.loads(run_python(environment, "-m", "bench.small_hub", str(DOWNLOADS)).splitlines()[-1])
        command = ["env", "-i", *(f"{name}={text}" for name, text in environment.items()), sys.executable]
        command += [str(ROOT / "manage.py"), "serve", "--host", HOST, "--port", str(port)]
        with running("The hub", command, log=folder / "log") as child:
            pid = child.process.pid
            wait_until(partial(answers, pid, port), child, seconds=START_SECONDS)
            creates_in = (int(made["first"]), int(made["downloads"]))
            job = LoadJob(port, "/api/mc-dm-versions/", {"XF-Api-Key": str(made["key"])}, creates_in)
            press(job, WARM_UP_SECONDS)
            for _ in range(rounds):
                before = processes.cpu_seconds(pid)
                found.loads.append(press(job, seconds))
                found.cpu.append((processes.cpu_seconds(pid) - before) * 1000 / max(1, found.loads[-1].requests))
    return found


def publishing_table(found: Published) -> str:
    speeds = [load.per_second for load in found.loads]
    p50, p99 = (statistics.median(getattr(load, name) for load in found.loads) for name in ("p50", "p99"))
    failed = sum(load.failed for load in found.loads)
    return (
        f"`make run`, {CONNECTIONS} publishers: {spread(speeds)} versions/s, goal {GOAL}; p50 {p50:.0f} ms, "
        f"p99 {p99:.0f} ms; CPU {spread(found.cpu)} ms for each; {failed} failed; load average {os.getloadavg()[0]:.1f}"
    )
