"""`make bench ARGS=--cluster`: a hub on twelve machines, of which three are switched off during load.

A web host, a worker and the replica of the database are switched off one after the other, while clients read, publish
and download. Afterwards the program compares what clients and receivers saw with what the hub stored. The exit code is
1 if a promise was broken.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.cluster.machines import NAMES, RECEIVER_PORT, ClusterHub
from bench.cluster.network import Network, network
from bench.cluster.starting import cluster
from bench.cluster.verdict import PENDING, Kill, PromiseVerdict, judge, summary
from tests.services import servers
from tests.services.processes import Child, interrupts, running, wait_until
from tests.services.run import install_packages, temporary_folder

CLIENTS = {"reader": 6, "downloader": 4, "publisher": 3}
FILES = 20
KILLED, SURVIVOR = ("web1", "replica", "worker1"), "web2"
MAX_SETTLE_SECONDS = 180
UNSETTLED = f"SELECT ({PENDING}) + (SELECT count(*) FROM files_downloadgrant WHERE NOT is_folded)"


def measure(seconds: float) -> tuple[dict[str, Any], bool]:
    """Run the cluster under load for `seconds`. Return the figures, and whether every promise was kept.

    Raises:
        ServiceError: The cluster cannot be started.
    """
    install_packages(["postgresql", "redis-server", "nginx-light"])
    with interrupts.caught(), temporary_folder() as folder, network(NAMES) as machines:
        servers.install_s3_server(folder / "install.log")
        with start(folder, machines) as made, interrupts.allowed():
            kills, requests = press(made, seconds)
            settle(made)
            findings = list(judge(made, requests, kills))
            lines = list(summary(requests, seconds))
            print_report(made, findings, lines, requests)
    return {"findings": list(map(str, findings)), "summary": lines}, all(one.is_kept for one in findings)


@contextmanager
def start(folder: Path, machines: Network) -> Iterator[ClusterHub]:
    began = time.monotonic()
    with cluster(folder, machines) as made:
        print(f"{len(NAMES)} machines started in {time.monotonic() - began:.0f} s", flush=True)
        yield made


def press(made: ClusterHub, seconds: float) -> tuple[list[Kill], list[dict[str, Any]]]:
    """Send requests for `seconds`, and switch a machine off at each quarter of the time."""
    receiver = f"http://{made.address('receiver')}:{RECEIVER_PORT}/"
    seeded = made.run("worker1", "-m", "bench.cluster.seed", CLIENTS["publisher"], FILES, receiver)
    plan = json.loads(seeded.splitlines()[-1]) | {"clients": CLIENTS, "host": made.address("edge")}
    plan_file, output = made.folder / "plan.json", made.folder / "requests.jsonl"
    plan_file.write_text(json.dumps(plan))
    command = made.python("clients", "-m", "bench.cluster.load", plan_file, seconds, output)
    with running("The clients", command, log=made.folder / "load.log") as clients:
        wait_until(lambda: "clients started" in clients.log.read_text(), clients, seconds=60)
        kills = [kill(made, clients, machine, seconds / (len(KILLED) + 1)) for machine in KILLED]
        clients.process.wait(seconds + 300)
        if clients.process.returncode:
            clients.ensure_alive()
    return kills, [json.loads(line) for line in output.read_text().splitlines()]


def kill(made: ClusterHub, clients: Child, machine: str, after: float) -> Kill:
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        clients.ensure_alive()
        time.sleep(0.1)
    at = made.network.switch_off(machine)
    print(f"{machine} was switched off", flush=True)
    return Kill(machine, at)


def settle(made: ClusterHub) -> None:
    """Wait until the remaining worker has delivered and counted everything."""
    deadline = time.monotonic() + MAX_SETTLE_SECONDS
    while made.rows(UNSETTLED)[0][0]:
        if time.monotonic() > deadline:
            break  # the verdict names what is missing
        time.sleep(1)


def print_report(
    made: ClusterHub, findings: list[PromiseVerdict], lines: list[str], requests: list[dict[str, Any]]
) -> None:
    print("\n" + "\n".join([*lines, "", *map(str, findings)]))
    for request in [request for request in requests if request["error"]][:20]:
        print(f"  {request['client']} {request['method']} {request['path']}: {request['error']}")
    for line in (made.folder / f"{SURVIVOR}.log").read_text().splitlines():
        if "releasehub.core.cluster.replica" in line:
            print(f"  {SURVIVOR}: {line}")
