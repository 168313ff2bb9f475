"""A hub as in production, in a folder of its own: PostgreSQL, Redis, Celery workers, beat, a receiver of webhooks."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from redis import Redis

from tests.faults.launcher import Launchers
from tests.services.processes import HOST, Child, free_ports, running, wait_until
from tests.services.run import make_folder, temporary_folder
from tests.services.servers import (
    ROOT,
    connect,
    copy_cluster,
    create_cluster,
    postgres_url,
    running_cluster,
    running_redis,
)

# The promises require that a confirmed commit is on disk, even if the server is killed immediately.
POSTGRES_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "256MB", "max_connections": "100"}
# Names a folder where the first run stores its migrated cluster, so that the other runs of a test session copy it.
CLUSTER_VARIABLE = "FAULTS_CLUSTER"

LOADED_MODULES = ("tests.faults.worker_modules", "releasehub.urls")  # by workers, and by the checks of their start


class Service:
    """A child process that can be ended in any way and started again."""

    def __init__(self, start: Any) -> None:
        self._start = start
        self._running: AbstractContextManager[Child] | None = None
        self.starts = 0

    def start(self) -> Child:
        self._running = self._start()
        self.child: Child = self._running.__enter__()
        self.starts += 1
        return self.child

    def end(self, number: signal.Signals | None = None) -> None:
        """End the worker with the signal, or with SIGTERM if there is none."""
        if number is not None and self.child.process.poll() is None:
            self.child.process.send_signal(number)
            self.child.process.wait(300)
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None

    @contextmanager
    def block(self) -> Iterator[Service]:
        self.start()
        try:
            yield self
        finally:
            self.end()


@dataclass
class Worker:
    """A Celery worker with one pool process. It has its own session, so that all remaining processes can be ended."""

    service: Service
    kills: dict[str, int] = field(default_factory=dict)
    sessions: list[int] = field(default_factory=list)

    def start(self) -> None:
        self.sessions.append(self.service.start().process.pid)
        self._ready_at: float | None = None

    def age(self) -> float:
        """Return the seconds since its pool process was first seen, or 0 while it still starts.

        On a busy machine a start may take longer than the life of a worker.
        """
        if not children_of(self.service.child.process.pid):
            self._ready_at = None
        elif self._ready_at is None:
            self._ready_at = time.monotonic()
        return 0.0 if self._ready_at is None else time.monotonic() - self._ready_at

    def kill(self, chance: Random) -> str:
        """End the parent, its pool process, or both, with SIGKILL; says whom. The parent starts a lost pool process."""
        parent = self.service.child.process.pid
        pool = children_of(parent)
        whom = chance.choice(["both", "parent", "pool"]) if pool else "parent"
        for pid in {"both": [parent, *pool], "parent": [parent], "pool": pool}[whom]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if whom != "pool":
            self.service.end(signal.SIGKILL)
            self.start()
        self._ready_at = None
        self.kills[whom] = self.kills.get(whom, 0) + 1
        return whom

    def end(self) -> None:
        self.service.end()
        for session in self.sessions:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(session, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@dataclass
class Hub:
    """`environment`: what leads a process to it."""

    folder: Path
    environment: dict[str, str]
    postgres: Service
    redis: Service
    receiver_port: int
    log: Path
    launchers: Launchers
    workers: list[Worker] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def receiver_url(self) -> str:
        return f"http://{HOST}:{self.receiver_port}"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(sql, values).fetchall()

    def count(self, sql: str, *values: Any) -> int:
        return int(self.rows(sql, *values)[0][0])

    def redis_command(self, *words: str) -> None:
        with Redis.from_url(self.environment["REDIS_URL"]) as client:
            client.execute_command(*words)

    def asked(self, path: str) -> int:
        with urllib.request.urlopen(self.receiver_url + path, timeout=10) as answer:
            return int(answer.read())

    def received(self) -> list[dict[str, Any]]:
        """The receiver's lines, in the order of arrival."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def run(self, *arguments: object) -> str:
        """Run a Python command and return its output.

        Raises:
            ServiceError: The command failed.
        """
        return self.launchers.of(self.environment).run(*arguments)

    def spawned(self, name: str, *arguments: object) -> AbstractContextManager[Child]:
        return self.launchers.of(self.environment).running(name, *arguments, log=self.folder / f"{name}.log")

    @contextmanager
    def celery(self, workers: int = 2, *, beat: bool = True) -> Iterator[None]:
        try:
            for number in range(workers):
                command: tuple[str, ...] = (
                    "-m",
                    "celery",
                    "-A",
                    "releasehub.server",
                    "worker",
                    "-Q",
                    "webhooks,files,default,outbound",
                    "-c",
                    "1",
                )
                command += ("--without-mingle", "--without-gossip")
                command += ("-l", "warning", "-n", f"worker{number}@localhost")
                worker = Worker(Service(partial(self.spawned, f"worker{number}", *command)))
                self.workers.append(worker)
                worker.start()
            with ExitStack() as stack:
                if beat:
                    stack.enter_context(self.spawned("beat", "-m", "celery", "-A", "releasehub.server", "beat"))
                yield
        finally:
            for worker in self.workers:
                worker.end()
            self.workers.clear()


def environment_command(environment: Mapping[str, str], arguments: Sequence[object]) -> list[object]:
    return ["env", "-i", *(f"{name}={text}" for name, text in environment.items()), sys.executable, *arguments]


@contextmanager
def hub(*, bare: bool = False) -> Iterator[Hub]:
    """Start servers and an empty, migrated database. If `bare` is set, the receiver only counts."""
    with temporary_folder() as folder, ExitStack() as stack:
        for name in ("postgres", "redis", "data"):
            make_folder(folder / name)
        stored = stored_cluster()
        if stored:
            copy_cluster(stored, folder / "postgres")
        else:
            create_cluster(folder / "postgres")
        postgres = Service(partial(running_cluster, folder / "postgres", POSTGRES_SETTINGS))
        stack.enter_context(postgres.block())
        redis_port, receiver_port = free_ports(1), free_ports(1)
        redis = Service(partial(running_redis, folder / "redis", redis_port))
        stack.enter_context(redis.block())
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "RELEASEHUB_DATA_DIR": str(folder / "data"),
            "RELEASEHUB_WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
            "DATABASE_URL": postgres_url(folder / "postgres", "hub"),
            "REDIS_URL": f"redis://{HOST}:{redis_port}/0",
            "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        }
        launchers = stack.enter_context(Launchers(make_folder(folder / "output"), *LOADED_MODULES))
        found = Hub(folder, environment, postgres, redis, receiver_port, folder / "received.jsonl", launchers)
        stack.enter_context(receiver(folder, receiver_port, found.log, bare=bare))
        if not stored:
            create_tables(found)
        yield found


def stored_cluster() -> Path | None:
    """Return the folder of the cluster that an earlier run stored, if there is one."""
    stored = os.environ.get(CLUSTER_VARIABLE)
    return Path(stored) if stored and Path(stored).exists() else None


def create_tables(on: Hub) -> None:
    """Migrate an empty cluster, and store it if the session of tests wants that."""
    with connect(on.folder / "postgres") as connection:
        connection.execute("CREATE DATABASE hub")
    on.run("manage.py", "migrate", "-v0")
    if stored := os.environ.get(CLUSTER_VARIABLE):
        on.postgres.end()
        unfinished = make_folder(Path(stored).with_suffix(".unfinished"))
        copy_cluster(on.folder / "postgres", unfinished)
        unfinished.rename(stored)
        on.postgres.start()


@contextmanager
def receiver(folder: Path, port: int, log: Path, *, bare: bool = False) -> Iterator[None]:
    said = folder / "receiver.log"
    command = [sys.executable, "-m", "tests.services.receiver", port, log, *(["--bare"] if bare else [])]
    with running("The receiver", ["env", f"PYTHONPATH={ROOT}", *command], log=said) as child:
        wait_until(lambda: "receiver ready" in said.read_text(), child)
        yield
