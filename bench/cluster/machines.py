"""The machines of the cluster, and how a process is started on one of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.cluster.network import NETWORK, Network
from tests.services import servers
from tests.services.processes import Child, run_step, running

ROOT = servers.ROOT
WEB_HOSTS, WORKERS = ("web1", "web2"), ("worker1", "worker2")
NAMES = ("primary", "replica", "redis", "store", *WEB_HOSTS, *WORKERS, "balancer", "edge", "clients", "receiver")
DATABASE_PORT, REDIS_PORT, STORE_PORT, WEB_PORT, PROXY_PORT, RECEIVER_PORT = 5432, 6379, 7070, 8000, 80, 9000


@dataclass
class ClusterHub:
    """A running hub on many machines."""

    folder: Path
    network: Network

    def address(self, name: str) -> str:
        return self.network.addresses[name]

    @property
    def received(self) -> Path:
        return self.folder / "received.jsonl"

    def environment(self, machine: str) -> dict[str, str]:
        """Return the environment of a process of the hub. Only web hosts know the replica."""
        data = self.folder / machine
        common = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SECRET_KEY": "only-for-this-run-0123456789-abcdefghijklmnopqrstuvwxyz",
            "ALLOWED_HOSTS": "*",
            "RELEASEHUB_PUBLIC_URL": f"http://{self.address('edge')}",
            "RELEASEHUB_DATA_DIR": str(data),
            "RELEASEHUB_ANONYMOUS_RATE": "0",
            "RELEASEHUB_TRUSTED_PROXIES": f"{self.address('edge')}/32,{self.address('balancer')}/32",
            "RELEASEHUB_WEBHOOK_ALLOW_NETS": f"{NETWORK}.0/24",
            "DATABASE_URL": self.database_url("primary"),
            "REDIS_URL": f"redis://{self.address('redis')}:{REDIS_PORT}/0",
            "AWS_S3_ENDPOINT_URL": f"http://{self.address('store')}:{STORE_PORT}",
            **servers.S3_SETTINGS,
        }
        return common | ({"RELEASEHUB_REPLICA_URL": self.database_url("replica")} if machine in WEB_HOSTS else {})

    def database_url(self, machine: str) -> str:
        return f"postgresql://{servers.DATABASE}@{self.address(machine)}:{DATABASE_PORT}/{servers.DATABASE}"

    def python(self, machine: str, *arguments: object) -> list[object]:
        """Return the command line of Python in the environment of the hub, on a machine."""
        variables = (f"{name}={text}" for name, text in self.environment(machine).items())
        return self.network.command(machine, "env", "-i", *variables, sys.executable, *arguments)

    def run(self, machine: str, *arguments: object) -> str:
        """Run a Python command of the hub on a machine, and return its output."""
        log = self.folder / "command.log"
        run_step(" ".join(map(str, arguments[:2])), self.python(machine, *arguments), log=log)
        return log.read_text()

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        socket = str(self.folder / "primary")
        with psycopg.connect(
            user=servers.DATABASE, host=socket, port=DATABASE_PORT, dbname=servers.DATABASE
        ) as connection:
            return connection.execute(sql.encode()).fetchall()

    def start(self, stack: ExitStack, machine: str, command: Sequence[object], name: str = "") -> Child:
        log = self.folder / f"{machine}{name}.log"
        return stack.enter_context(running(name or machine, command, log=log))
