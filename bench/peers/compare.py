"""ReleaseHub beside other products: the same kinds of requests in alternating rounds on one machine.

A product that cannot be installed or started is reported and left out. Everything runs on loopback addresses.
"""

import http.client
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from bench import processes, uploads
from bench.load import Load, LoadJob, press
from bench.peers.devpi import devpi
from bench.peers.figures import LARGE_DOWNLOAD, UPLOAD, Compared, Figure
from bench.peers.hub import release_hub
from bench.peers.install import install_peers
from bench.peers.peer import SMALL_BYTES, TARGETS, Peer
from bench.peers.pulp import pulp
from bench.peers.stand_in_server import stand_in
from bench.servers import POSTGRES_SETTINGS, Cluster
from tests.services.processes import HOST, ServiceError
from tests.services.run import make_folder, services, temporary_folder

PULP_ROWS = 1000
WARM_UP_SECONDS = 1.0
MIB, CHUNK = 1024 * 1024, 1024 * 1024


def compare(rounds: int, seconds: float, rows: int, upload_mib: int, large_mib: int) -> Compared:
    found = Compared()
    settings = POSTGRES_SETTINGS | {"max_connections": "120"}
    with (
        services("postgres", postgres_settings=settings) as urls,
        temporary_folder() as folder,
        ExitStack() as stack,
    ):
        cluster = Cluster.of(urls["DATABASE_URL"])
        small, large = new_file(folder / "small.bin", SMALL_BYTES), new_file(folder / "large.bin", large_mib * MIB)
        peers = start_all(stack, cluster, folder, small, large, rows, found)
        for number in range(1, rounds + 1):
            for target in TARGETS:
                measure = partial(sample, target=target, cluster=cluster, seconds=seconds)
                run_round(found, target, number, peers, measure)
            run_round(found, UPLOAD, number, peers, partial(upload, cluster=cluster, size=upload_mib * MIB))
            run_round(found, LARGE_DOWNLOAD, number, peers, partial(download, cluster=cluster))
        found.memory = {peer.name: memory(peer) for peer in peers}
        found.notes = [note for peer in peers for note in peer.notes]
    return found


def start_all(
    stack: ExitStack, cluster: Cluster, folder: Path, small: Path, large: Path, rows: int, found: Compared
) -> list[Peer]:
    """Start all products that can be started. The first one is ReleaseHub."""
    peers = [stack.enter_context(release_hub(cluster, make_folder(folder / "hub"), small, large, rows))]
    starters: dict[str, Callable[[], AbstractContextManager[Peer]]] = {
        "stand-in": lambda: stand_in(cluster, make_folder(folder / "stand-in"), small, large, rows),
        "pulpcore": lambda: pulp(cluster, make_folder(folder / "pulp"), small, large, PULP_ROWS),
        "devpi-server": lambda: devpi(make_folder(folder / "devpi"), small, large),
    }
    for name, starter in starters.items():
        started = time.monotonic()
        try:
            if name != "stand-in":
                install_peers(folder / "install.log")
            peers.append(stack.enter_context(starter()))
        except (ServiceError, OSError, ValueError) as reason:
            found.left_out[name] = str(reason)
            print(f"{name} is left out: {reason}", flush=True)
        else:
            print(f"{name} ready in {time.monotonic() - started:.0f} s", flush=True)
    return peers


def run_round(
    found: Compared, target: str, number: int, peers: list[Peer], measure: Callable[[Peer], Figure | None]
) -> None:
    """Measure the target for each product once. A product that fails is left out from here on."""
    sides = found.rounds.setdefault(target, {})
    for peer in list(peers):
        try:
            figure = measure(peer)
        except (RuntimeError, OSError, http.client.HTTPException) as reason:
            if peer is peers[0]:
                raise  # without ReleaseHub there is nothing to compare
            found.left_out[peer.name] = f"{target}: {reason}"
            sides.pop(peer.name, None)
            peers.remove(peer)
            continue
        if figure:
            sides.setdefault(peer.name, []).append(figure)
    speeds = "  ".join(f"{name} {figures[-1].speed:.1f}" for name, figures in sides.items())
    print(f"round {number}  {target:<16} {speeds}", flush=True)


def sample(peer: Peer, *, target: str, cluster: Cluster, seconds: float) -> Figure | None:
    job = peer.jobs.get(target)
    if job is None:
        return None
    press(job, WARM_UP_SECONDS)
    before = cpu(peer, cluster)
    load: Load = press(job, seconds)
    return Figure(load.per_second, (cpu(peer, cluster) - before) * 1000 / max(1, load.requests), load.failed)


def upload(peer: Peer, *, cluster: Cluster, size: int) -> Figure | None:
    if peer.upload is None:
        return None
    os.sync()  # what the product before wrote must not slow down this one
    before = cpu(peer, cluster)
    speed = uploads.megabytes_per_second(peer.upload, size)
    return Figure(speed, (cpu(peer, cluster) - before) * 1000 * uploads.MEGABYTE / size)


def download(peer: Peer, *, cluster: Cluster) -> Figure | None:
    if peer.large is None:
        return None
    before, started = cpu(peer, cluster), time.perf_counter()
    size = received(peer.large)
    seconds = time.perf_counter() - started
    return Figure(size / uploads.MEGABYTE / seconds, (cpu(peer, cluster) - before) * 1000 * uploads.MEGABYTE / size)


def received(job: LoadJob) -> int:
    """Download a file and return its size.

    Raises:
        RuntimeError: The status is not 200.
    """
    connection, buffer = http.client.HTTPConnection(HOST, job.port, timeout=300), bytearray(CHUNK)
    connection.request("GET", job.path, headers=job.headers)
    response = connection.getresponse()
    if response.status != 200:
        raise RuntimeError(f"{job.path} was answered with {response.status}.")
    size = 0
    while count := response.readinto(buffer):
        size += count
    connection.close()
    return size


def cpu(peer: Peer, cluster: Cluster) -> float:
    return sum(processes.cpu_seconds(pid) for pid in (*peer.processes.values(), cluster.pid))


def memory(peer: Peer) -> dict[str, float]:
    """Return the memory of each process in MiB (PSS)."""
    return {
        f"{name}.{number}": processes.pss_mib(pid)
        for name, root in peer.processes.items()
        for number, pid in enumerate(processes.tree(root))
    }


def new_file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for start in range(0, size, CHUNK):
            file.write(os.urandom(min(CHUNK, size - start)))
    return path
