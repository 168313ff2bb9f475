"""Machines on one computer: network namespaces that are connected by a bridge in a namespace of its own.

Nothing is added to the network of the computer itself, and deleting the namespaces removes everything.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.services.processes import ServiceError

NETWORK = "10.77.0"
SWITCH = "switch"
PREFIX = "rhub"
NAMESPACES = Path("/run/netns")


class Network:
    """The machines, by name. The process id is part of every name, so that two runs do not meet."""

    def __init__(self, names: Sequence[str]) -> None:
        self.addresses = {name: f"{NETWORK}.{number}" for number, name in enumerate(names, start=11)}

    def namespace(self, name: str) -> str:
        return f"{PREFIX}{os.getpid()}-{name}"

    def command(self, name: str, *command: object) -> list[object]:
        """Return the command line that runs a command on a machine."""
        return ["ip", "netns", "exec", self.namespace(name), *command]

    def switch_off(self, name: str) -> float:
        """Cut a machine off from the network, kill its processes, and return the time between the two.

        The others get no message that its connections are closed, as with a machine that loses its power.
        """
        ip("-netns", self.namespace(SWITCH), "link", "set", name, "down")
        now = time.monotonic()
        kill_processes(self.namespace(name))
        return now

    def switch_on(self, name: str) -> None:
        ip("-netns", self.namespace(SWITCH), "link", "set", name, "up")


@contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """Start the machines, and remove them with all their processes afterwards.

    Raises:
        ServiceError: The program `ip` is missing, or may not create namespaces.
    """
    if not shutil.which("ip") or os.geteuid():
        raise ServiceError("Network namespaces need the program ip (package iproute2) and the rights of root.")
    remove_leftovers()
    made = Network(names)
    try:
        connect(made)
        yield made
    finally:
        remove(f"{PREFIX}{os.getpid()}-")


def connect(made: Network) -> None:
    switch = made.namespace(SWITCH)
    ip("netns", "add", switch)
    ip("-netns", switch, "link", "add", "bridge", "type", "bridge")
    ip("-netns", switch, "link", "set", "bridge", "up")
    for name, address in made.addresses.items():
        machine = made.namespace(name)
        ip("netns", "add", machine)
        ip("-netns", switch, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", machine)
        ip("-netns", switch, "link", "set", name, "master", "bridge", "up")
        ip("-netns", machine, "address", "add", f"{address}/24", "dev", "eth0")
        ip("-netns", machine, "link", "set", "eth0", "up")
        ip("-netns", machine, "link", "set", "lo", "up")


def remove_leftovers() -> None:
    """Remove the machines of runs that were killed."""
    for path in NAMESPACES.glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            remove(path.name)


def remove(prefix: str) -> None:
    for path in NAMESPACES.glob(f"{prefix}*"):
        kill_processes(path.name)
        subprocess.run(["ip", "netns", "delete", path.name], check=False, capture_output=True)


def kill_processes(namespace: str) -> None:
    done = subprocess.run(["ip", "netns", "pids", namespace], check=False, capture_output=True, text=True)
    for pid in done.stdout.split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise ServiceError(f"ip {' '.join(arguments)} failed: {done.stderr.strip()}")
