"""The servers of the cluster, each on its machine."""

from __future__ import annotations

import os
import pwd
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from bench.cluster.machines import (
    DATABASE_PORT,
    NAMES,
    RECEIVER_PORT,
    REDIS_PORT,
    ROOT,
    STORE_PORT,
    WEB_HOSTS,
    WEB_PORT,
    WORKERS,
    ClusterHub,
)
from bench.cluster.network import NETWORK, Network
from bench.production import QUEUES
from releasehub.server.command import granian_arguments
from tests.services import servers
from tests.services.processes import Child, run_step, running, wait_until

# A machine that is switched off closes no connection. These settings end its transactions, and so free its locks.
POSTGRES_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "120",
    "jit": "off",
    "fsync": "off",  # the primary is never switched off, and nothing survives the run
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "wal_sender_timeout": "10s",
}
STORE = """
import sys
folder, host, *arguments = sys.argv[1:]
sys.path.insert(0, folder)
import s3server
s3server.HOST = host
s3server.main(arguments)
"""


@contextmanager
def cluster(folder: Path, network: Network) -> Iterator[ClusterHub]:
    """Start all servers of the hub, in the order in which they need each other."""
    made = ClusterHub(folder, network)
    for name in NAMES:
        (folder / name).mkdir(mode=0o700)
    with ExitStack() as stack:
        start_primary(made, stack)
        start_replica(made, stack)
        start_redis(made, stack)
        start_store(made, stack)
        made.run("worker1", ROOT / "manage.py", "migrate", "-v0")
        start_receiver(made, stack)
        # They take long to start, so they do it at the same time.
        waits = [start_web(made, stack, name) for name in WEB_HOSTS]
        waits += [start_worker(made, stack, name) for name in WORKERS]
        beat = made.python(WORKERS[1], "-m", "celery", "-A", "releasehub.server", "beat")
        made.start(stack, WORKERS[1], beat, "-beat")
        for is_ready, child in waits:
            wait_until(is_ready, child, seconds=300)
        for name in ("balancer", "edge"):
            start_nginx(made, stack, name)
        yield made


def start_primary(made: ClusterHub, stack: ExitStack) -> None:
    folder = made.folder / "primary"
    servers.create_cluster(folder)
    with (folder / "cluster" / "pg_hba.conf").open("a") as rules:
        # The lines of initdb, which come first, reject loopback only.
        rules.write(f"host all,replication all {NETWORK}.0/24 trust\n")
    start_postgres(made, stack, "primary")
    with servers.connect(folder) as connection:
        connection.execute(f"CREATE DATABASE {servers.DATABASE}")


def start_replica(made: ClusterHub, stack: ExitStack) -> None:
    folder, account = made.folder / "replica", pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    copy = [servers.postgres_binaries() / "pg_basebackup", "--pgdata", folder / "cluster", "--write-recovery-conf"]
    copy += ["--host", made.address("primary"), "--username", servers.DATABASE, "--checkpoint", "fast"]
    run_step("pg_basebackup", as_postgres(made, "replica", copy), log=folder / "copy.log")
    start_postgres(made, stack, "replica")


def as_postgres(made: ClusterHub, machine: str, command: Sequence[object]) -> list[object]:
    """Return a command that runs as an ordinary user, and ends with its parent."""
    account = pwd.getpwnam("postgres")
    user = ["--reuid", account.pw_uid, "--regid", account.pw_gid, "--clear-groups", "--pdeathsig", "INT"]
    return made.network.command(machine, "setpriv", *user, *command)


def start_postgres(made: ClusterHub, stack: ExitStack, machine: str) -> None:
    folder = made.folder / machine
    options = POSTGRES_SETTINGS | {"listen_addresses": made.address(machine), "unix_socket_directories": str(folder)}
    command = [servers.postgres_binaries() / "postgres", "-D", folder / "cluster", f"--port={DATABASE_PORT}"]
    command += [f"--{name}={value}" for name, value in options.items()]
    child = made.start(stack, machine, as_postgres(made, machine, command))
    wait_until(partial(servers.is_our_postgres, folder, folder / "cluster"), child, seconds=120)


def start_redis(made: ClusterHub, stack: ExitStack) -> None:
    command = ["redis-server", "--port", REDIS_PORT, "--bind", made.address("redis"), "--protected-mode", "no"]
    command += ["--dir", made.folder / "redis", "--save", "", "--appendonly", "no"]
    child = made.start(stack, "redis", made.network.command("redis", *command))
    wait_until(lambda: "Ready to accept" in child.log.read_text(), child, seconds=60)


def start_store(made: ClusterHub, stack: ExitStack) -> None:
    script = [servers.S3_VENV / "bin" / "python", "-c", STORE, ROOT / "tests" / "services", made.address("store")]
    command = made.network.command("store", *script, made.folder / "store" / "data", STORE_PORT)
    child = made.start(stack, "store", command)
    wait_until(lambda: "S3 ready" in child.log.read_text(), child, seconds=120)
    create = "from tests.services.servers import makes_bucket; import os; assert makes_bucket(dict(os.environ))"
    made.run("worker1", "-c", create)


def start_receiver(made: ClusterHub, stack: ExitStack) -> None:
    command = made.python("receiver", "-m", "tests.services.receiver", RECEIVER_PORT, made.received)
    child = made.start(stack, "receiver", [*command, "--host", made.address("receiver")])
    wait_until(lambda: "receiver ready" in child.log.read_text(), child, seconds=60)


def start_web(made: ClusterHub, stack: ExitStack, name: str) -> tuple[Callable[[], bool], Child]:
    made.run(name, ROOT / "manage.py", "collectstatic", "--noinput", "-v0")
    arguments = granian_arguments(host=made.address(name), port=WEB_PORT, workers=1)
    child = made.start(stack, name, made.python(name, "-m", "granian", *arguments))
    probe = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)"
    url = f"http://{made.address(name)}:{WEB_PORT}/readyz"
    return partial(succeeds, made, name, "-c", probe, url), child


def succeeds(made: ClusterHub, machine: str, *arguments: object) -> bool:
    with running("probe", made.python(machine, *arguments), log=made.folder / "probe.log") as child:
        return child.process.wait(60) == 0


def start_worker(made: ClusterHub, stack: ExitStack, name: str) -> tuple[Callable[[], bool], Child]:
    command = ["-m", "celery", "-A", "releasehub.server", "worker", "-Q", QUEUES, "-c", "1", "-n", f"{name}@cluster"]
    command += ["--without-mingle", "--without-gossip", "-l", "info"]
    child = made.start(stack, name, made.python(name, *command))
    return lambda: " ready." in child.log.read_text(), child


def start_nginx(made: ClusterHub, stack: ExitStack, name: str) -> None:
    """Start nginx with the file of the documentation, whose addresses are replaced by those of the cluster."""
    folder = made.folder / name
    text = (ROOT / "docs" / f"{name}.conf").read_text()
    for given, ours in replacements(made, folder).items():
        text = text.replace(given, ours)
    for part in ("body", "proxy", "fastcgi", "uwsgi", "scgi", "cache"):
        (folder / part).mkdir()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{part};\n"
        for kind, part in (("client_body", "body"), *((part, part) for part in ("proxy", "fastcgi", "uwsgi", "scgi")))
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; error_log stderr warn; pid {folder}/pid;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ access_log off;\n{temporary}{text}}}\n"
    )
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    child = made.start(stack, name, made.network.command(name, nginx, "-c", folder / "nginx.conf", "-p", folder))
    wait_until((folder / "pid").exists, child, seconds=60)


def replacements(made: ClusterHub, folder: Path) -> dict[str, str]:
    store = f"http://{made.address('store')}:{STORE_PORT}/{servers.S3_SETTINGS['AWS_STORAGE_BUCKET_NAME']}/"
    return {
        "10.0.0.11": made.address(WEB_HOSTS[0]),
        "10.0.0.12": made.address(WEB_HOSTS[1]),
        "http://hub.example.org": f"http://{made.address('balancer')}",
        r"https://s3\.example\.org/releasehub/": re.escape(store),
        "/var/cache/nginx/releases": str(folder / "cache"),
        "max_size=100g": "max_size=1g",
    }
