"""Measurement of the CPU time and memory that the single process of `make run` needs while it is idle."""

import os
import sys
import time
from dataclasses import dataclass
from functools import partial

from bench import processes
from bench.servers import answers
from tests.services.processes import HOST, free_ports, running, wait_until
from tests.services.run import make_folder, temporary_folder
from tests.services.servers import ROOT

EMBEDDED = "embedded"
SETTLING_SECONDS = 15.0
IDLE_SECONDS = 60.0
BUDGET_PERCENT, BUDGET_MIB = 1.0, 200.0


@dataclass(frozen=True)
class Embedded:
    """The cost of an idle hub.

    `idle_percent` is relative to one core. `pss` is the memory of all processes in MiB, and `peak` is the sum of their
    individual peaks.
    """

    idle_percent: float
    pss: float
    peak: float


def measure() -> Embedded:
    """Measure a hub with the demo data, one minute after its first response."""
    with temporary_folder() as folder:
        port = free_ports(1)
        data = make_folder(folder / "data")
        kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "RELEASEHUB_DATA_DIR": str(data)}
        command = ["env", "-i", *(f"{name}={text}" for name, text in kept.items()), sys.executable]
        command += [str(ROOT / "manage.py"), "serve", "--host", HOST, "--port", str(port)]
        with running("The hub", command, log=folder / "log") as child:
            pid = child.process.pid
            wait_until(partial(answers, pid, port), child, seconds=120)
            time.sleep(SETTLING_SECONDS)
            before = processes.cpu_seconds(pid)
            time.sleep(IDLE_SECONDS)
            percent = (processes.cpu_seconds(pid) - before) / IDLE_SECONDS * 100
            tree = processes.tree(pid)
            return Embedded(percent, sum(map(processes.pss_mib, tree)), sum(map(processes.peak_mib, tree)))


def embedded_table(found: Embedded) -> str:
    idle = (
        f"`make run`, idle for {IDLE_SECONDS:.0f} s: {found.idle_percent:.2f} % of a core, budget {BUDGET_PERCENT:.0f}"
    )
    return f"{idle}; {found.pss:.0f} MiB (PSS), at most {found.peak:.0f} MiB, budget {BUDGET_MIB:.0f}"
