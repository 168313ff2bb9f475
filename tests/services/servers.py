"""PostgreSQL, Redis and S3 servers, each in a folder of its own and checked to be the one that was started."""

import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import psycopg
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.services.processes import HOST, Child, ServiceError, free_ports, run_step, running, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
OLDEST_POSTGRES = 14
DATABASE = "releasehub"
POSTGRES_PORT = 5432  # names the socket; nothing listens on the network
S3_VENV = ROOT / ".venv-s3"
S3_LOCK = ROOT / "requirements-s3.txt"
S3_SETTINGS = {
    "RELEASEHUB_STORAGE": "s3",
    "AWS_STORAGE_BUCKET_NAME": "releasehub-test",
    "AWS_ACCESS_KEY_ID": "test:tester",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_S3_REGION_NAME": "us-east-1",
    "AWS_S3_ADDRESSING_STYLE": "path",
    "AWS_S3_SIGNATURE_VERSION": "s3v4",
}

Environment = dict[str, str]


@contextmanager
def postgres(folder: Path, settings: Mapping[str, str]) -> Iterator[Environment]:
    """A cluster that listens on a unix socket in its folder only, and runs as an ordinary user."""
    create_cluster(folder)
    with running_cluster(folder, settings):
        with connect(folder) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        yield {"DATABASE_URL": postgres_url(folder)}


def create_cluster(folder: Path) -> None:
    account = give_to_server(folder)
    initdb = [postgres_binaries() / "initdb", "--pgdata", folder / "cluster", "--username", DATABASE]
    initdb += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--auth-local", "trust", "--auth-host", "reject"]
    run_step("initdb", [*initdb, "--no-sync"], log=folder / "initdb.log", account=account)


def copy_cluster(source: Path, folder: Path) -> None:
    """Copy a cluster that was created in the folder `source`, and whose server has ended."""
    give_to_server(folder)
    run_step("cp", ["cp", "-a", source / "cluster", folder / "cluster"], log=folder / "cp.log")


def give_to_server(folder: Path) -> pwd.struct_passwd | None:
    """Let the server write to the folder, and return the account that it runs as."""
    account = ordinary_account()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return account


@contextmanager
def running_cluster(folder: Path, settings: Mapping[str, str]) -> Iterator[Child]:
    """The server of a cluster that was created, for the length of a block; it may be ended and started again."""
    cluster = folder / "cluster"
    options = {"listen_addresses": "", "unix_socket_directories": folder, "port": POSTGRES_PORT, **settings}
    command = [postgres_binaries() / "postgres", "-D", cluster]
    command += [f"--{name}={value}" for name, value in options.items()]
    # SIGTERM would wait for clients to leave; SIGINT sends them away, SIGQUIT does not even write a checkpoint.
    stop_signals = (signal.SIGINT, signal.SIGQUIT)
    account, log = ordinary_account(), folder / "log"
    with running("PostgreSQL", command, log=log, account=account, stop_signals=stop_signals) as server:
        wait_until(partial(is_our_postgres, folder, cluster), server)
        yield server


def postgres_url(folder: Path, database: str = DATABASE) -> str:
    return f"postgresql://{DATABASE}@{quote(str(folder), safe='')}:{POSTGRES_PORT}/{database}"


def connect(folder: Path) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(user=DATABASE, host=str(folder), port=POSTGRES_PORT, dbname="postgres", autocommit=True)


def is_our_postgres(folder: Path, cluster: Path) -> bool:
    """Return whether the server responds. Raise ServiceError if it serves another data directory."""
    try:
        with connect(folder) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
    except psycopg.OperationalError:
        return False
    if row is None or Path(row[0]).resolve() != cluster.resolve():
        raise ServiceError(f"The PostgreSQL server serves {row}, not {cluster}: nothing was written to it.")
    return True


def postgres_binaries() -> Path:
    """Return the folder of the newest PostgreSQL server. Raise ServiceError if there is none or it is too old."""
    folders = set(Path("/usr/lib/postgresql").glob("*/bin"))
    if found := shutil.which("initdb"):
        folders.add(Path(found).resolve().parent)
    versions = {major_version(folder): folder for folder in folders if (folder / "initdb").exists()}
    newest = max(versions, default=0)
    if newest < OLDEST_POSTGRES:
        raise ServiceError(f"Install the PostgreSQL server, version {OLDEST_POSTGRES} or newer.")
    return versions[newest]


def major_version(binaries: Path) -> int:
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    number = re.search(r"[0-9]+", said)
    return int(number.group()) if number else 0


def ordinary_account() -> pwd.struct_passwd | None:
    """Return the user to run as if we are root, because PostgreSQL does not start as root."""
    if os.geteuid():
        return None
    known = {account.pw_name: account for account in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


@contextmanager
def redis_server(folder: Path) -> Iterator[Environment]:
    """A server on a free loopback port that keeps nothing."""
    port = free_ports(1)
    with running_redis(folder, port):
        yield {"REDIS_URL": f"redis://{HOST}:{port}/0"}


@contextmanager
def running_redis(folder: Path, port: int) -> Iterator[Child]:
    binary = shutil.which("redis-server")
    if not binary:
        raise ServiceError("Install redis-server.")
    command = [binary, "--port", port, "--bind", HOST, "--dir", folder, "--save", "", "--appendonly", "no"]
    with running("Redis", command, log=folder / "log") as server:
        wait_until(partial(is_our_redis, port, server.process.pid), server)
        yield server


def is_our_redis(port: int, process_id: int) -> bool:
    """Return whether the server responds. Raise ServiceError if another process responds."""
    try:
        with redis.Redis(host=HOST, port=port) as client:
            info = client.info("server")
    except redis.ConnectionError:
        return False
    if info["process_id"] != process_id:
        raise ServiceError(f"Port {port} belongs to another Redis server: nothing was written to it.")
    return True


@contextmanager
def s3_server(folder: Path) -> Iterator[Environment]:
    """The throw-away server of `s3server.py` with an empty bucket."""
    port, data = free_ports(4), folder / "data"
    command = [S3_VENV / "bin" / "python", Path(__file__).with_name("s3server.py"), data, port]
    log = folder / "log"
    with running("The S3 server", command, log=log) as server:
        wait_until(lambda: "S3 ready" in log.read_text(), server)
        environment = {**S3_SETTINGS, "AWS_S3_ENDPOINT_URL": f"http://{HOST}:{port}"}
        wait_until(partial(makes_bucket, environment), server)
        if not list((data / "dev" / "d1" / "containers").rglob("*.db")):
            raise ServiceError(
                f"Port {port} belongs to another S3 server: all that was written to it is an empty bucket."
            )
        yield environment


def makes_bucket(environment: Environment) -> bool:
    client = s3_client(environment)
    try:
        client.create_bucket(Bucket=environment["AWS_STORAGE_BUCKET_NAME"])
    except (BotoCoreError, ClientError):
        return False
    finally:
        client.close()
    return True


def s3_client(environment: Environment) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_S3_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_S3_REGION_NAME"],
        config=Config(
            signature_version="s3v4", s3={"addressing_style": "path"}, proxies={}, retries={"max_attempts": 0}
        ),
    )


def install_s3_server(log: Path) -> None:
    """Install the locked S3 server into its own environment, unless the lock is the one that was installed last."""
    stamp = S3_VENV / ".stamp"
    with S3_LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would install into the same place
        wanted = lock.read()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        print("Installing the S3 server into .venv-s3 ...", flush=True)
        run_step("python -m venv", [sys.executable, "-m", "venv", "--clear", S3_VENV], log=log)
        pip = [S3_VENV / "bin" / "pip", "install", "--disable-pip-version-check", "--no-input"]
        run_step("pip install", [*pip, "--no-deps", "--require-hashes", "--requirement", S3_LOCK], log=log)
        stamp.write_text(wanted)
