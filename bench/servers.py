"""The databases and the two web servers that are compared, in a temporary folder that is removed afterwards."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg

from bench.plan import NOTES, OTHERS, URL, Plan, Seeded
from bench.processes import listens
from tests.services.processes import HOST, ServiceError, free_ports, running, wait_until

ROOT = Path(__file__).resolve().parent.parent
TABLES = Path(__file__).parent / "baseline" / "tables.sql"
POSTGRES_SETTINGS = {"shared_buffers": "512MB", "max_connections": "60", "random_page_cost": "1.1"}

Environment = dict[str, str]


@dataclass(frozen=True)
class Setup:
    """The settings of both servers.

    `pool` is the number of database connections per worker. 0 means one persistent connection per thread.
    """

    workers: int
    threads: int
    pool: int


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL server, known by its socket folder."""

    folder: Path

    @classmethod
    def of(cls, database_url: str) -> "Cluster":
        return cls(Path(unquote(urlsplit(database_url).netloc.rpartition("@")[2].rpartition(":")[0])))

    @property
    def pid(self) -> int:
        return int((self.folder / "cluster" / "postmaster.pid").read_text().split()[0])

    def url(self, database: str) -> str:
        return f"postgresql://releasehub@{quote(str(self.folder), safe='')}:5432/{database}"

    def new_database(self, name: str, copy_of: str = "template1") -> str:
        """Create a database and return its URL. It is empty or a copy of another one, which nobody may be using."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {copy_of}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def seed_hub(environment: Environment, rows: int) -> Seeded:
    return Seeded(**json.loads(run_python(environment, "-m", "bench.seed", str(rows)).splitlines()[-1]))


def seed_baseline(url: str, rows: int) -> None:
    values = {"heavy": Plan(rows).heavy, "others": OTHERS, "rows": rows, "notes": NOTES, "url": URL}
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(TABLES.read_text(), values)
        connection.execute("VACUUM ANALYZE")


def run_python(environment: Environment, *arguments: str) -> str:
    """Run Python and return its output.

    Raises:
        ServiceError: The command failed. The message contains the end of its output.
    """
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def hub_environment(setup: Setup, database_url: str, data: Path, project: Path = ROOT) -> Environment:
    return common_environment(setup, project) | {"DATABASE_URL": database_url, "RELEASEHUB_DATA_DIR": str(data)}


def baseline_environment(setup: Setup, database_url: str, uploads: Path) -> Environment:
    return common_environment(setup, ROOT) | {"BASELINE_DATABASE_URL": database_url, "BASELINE_UPLOADS": str(uploads)}


def common_environment(setup: Setup, project: Path) -> Environment:
    """Return the common environment. Rate limits are disabled, because all load comes from one IP address."""
    unlimited = dict.fromkeys(("RELEASEHUB_ANONYMOUS_RATE", "RELEASEHUB_V3_BURST", "RELEASEHUB_ENGINE_RATE"), "0")
    pool = {"RELEASEHUB_DATABASE_POOL": str(setup.pool)}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(project)} | pool | unlimited


@contextmanager
def serving(name: str, application: str, environment: Environment, setup: Setup, log: Path) -> Iterator[Server]:
    """Run Granian on a free loopback port, and check that the process that listens there is our own."""
    port = free_ports(1)
    command: list[object] = ["env", "-i", *(f"{key}={value}" for key, value in environment.items())]
    command += [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
    command += ["--host", HOST, "--port", port, "--workers", setup.workers, "--blocking-threads", setup.threads]
    with running(name, [*command, application], log=log) as child:
        wait_until(partial(answers, child.process.pid, port), child, seconds=60)
        yield Server(port, child.process.pid)


def answers(pid: int, port: int) -> bool:
    """Return True if the server responds. An unrelated process on the port does not count."""
    if not listens(pid, port):
        return False
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=5) as response:
            response.read()
    except urllib.error.HTTPError:
        return True  # the baseline does not have this page, but an error response shows that it is running
    except OSError:
        return False
    return True
