"""Pulp with its plugin for files: API, content and worker processes on PostgreSQL, with kept database connections."""

import base64
import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from bench.load import LoadJob
from bench.peers.install import PEERS_ENVIRONMENT, version_of
from bench.peers.peer import CREATE, DETAIL, LIST, SMALL_DOWNLOAD, Peer
from bench.processes import listens
from bench.servers import Cluster
from bench.uploads import Place
from tests.services.processes import HOST, ServiceError, free_ports, running, wait_until
from tests.services.run import make_folder

BIN = PEERS_ENVIRONMENT / "bin"
ROWS_PROGRAM = Path(__file__).with_name("pulp_rows.py")
START_SECONDS = 300.0
API = "/pulp/api/v3"
# By default Pulp opens a database connection for each request, which makes it about half as fast.
SETTINGS = """
ANALYTICS = False
CACHE_ENABLED = False
CONTENT_ORIGIN = "http://{host}:{content}"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "pulp", "USER": "releasehub",
    "HOST": {socket!r}, "PORT": "5432", "CONN_MAX_AGE": 600}}}}
DB_ENCRYPTION_KEY = {key!r}
DEPLOY_ROOT = {root!r}
FILE_UPLOAD_TEMP_DIR = {root!r} + "/tmp"
MEDIA_ROOT = {root!r} + "/media"
SECRET_KEY = "benchmark"
STATIC_ROOT = {root!r} + "/static"
WORKING_DIRECTORY = {root!r} + "/tmp"
"""


@contextmanager
def pulp(cluster: Cluster, folder: Path, small: Path, large: Path, rows: int) -> Iterator[Peer]:
    """Run Pulp with `rows` units and the two files.

    Raises:
        ServiceError: Pulp could not be prepared or started.
    """
    api, content = free_ports(1), free_ports(1)
    environment = prepared(cluster, folder, api, content)
    manage(environment, "migrate", "--noinput", "-v0")
    values = {"PULP_SMALL": str(small), "PULP_LARGE": str(large), "PULP_ROWS": str(rows)}
    made = json.loads(manage(environment | values, "shell", "-c", ROWS_PROGRAM.read_text()).splitlines()[-1])
    with ExitStack() as stack:
        pids = {}
        for name, port, path in (("api", api, f"{API}/status/"), ("content", content, "/pulp/content/")):
            command = command_of(environment, f"pulpcore-{name}", "--bind", f"{HOST}:{port}", "--workers", "2")
            child = stack.enter_context(running(f"pulpcore-{name}", command, log=folder / f"{name}.log"))
            wait_until(partial(is_up, child.process.pid, port, path), child, seconds=START_SECONDS)
            pids[f"pulpcore-{name}"] = child.process.pid
        command = command_of(environment, "pulpcore-worker")
        worker = stack.enter_context(running("pulpcore-worker", command, log=folder / "worker.log"))
        pids["pulpcore-worker"] = worker.process.pid
        yield described(api, content, made, pids, make_folder(folder / "none"))


def prepared(cluster: Cluster, folder: Path, api: int, content: int) -> dict[str, str]:
    """Create the database and the settings, and return the environment of all commands."""
    cluster.new_database("pulp")
    for name in ("tmp", "media", "static"):
        make_folder(folder / name)
    key = folder / "key"
    key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
    settings = folder / "settings.py"
    values = {"socket": str(cluster.folder), "key": str(key), "root": str(folder)}
    settings.write_text(SETTINGS.format(host=HOST, content=content, **values))
    names = {"PULP_SETTINGS": str(settings), "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings", "HOME": str(folder)}
    return names | {"PATH": f"{BIN}:{os.environ['PATH']}"}


def command_of(environment: dict[str, str], program: str, *arguments: str) -> list[object]:
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), BIN / program, *arguments]


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [str(part) for part in command_of(environment, "pulpcore-manager", *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise ServiceError(f"pulpcore-manager {arguments[0]} ended with {done.returncode}:\n{done.stderr[-1500:]}")
    return done.stdout


def is_up(pid: int, port: int, path: str) -> bool:
    if not listens(pid, port):
        return False
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def described(api: int, content: int, made: dict[str, str], pids: dict[str, int], nothing: Path) -> Peer:
    token = "b" * 32  # the session needs a cookie and a header with the same value against forged requests
    signed_in = {"Cookie": f"sessionid={made['session']}; csrftoken={token}", "X-CSRFToken": token}
    files = f"{API}/content/file/files/"
    return Peer(
        f"pulpcore {version_of('pulpcore')}",
        {
            LIST: LoadJob(api, f"{files}?limit=20", signed_in),
            DETAIL: LoadJob(api, f"{files}{made['unit']}/", signed_in),
            CREATE: LoadJob(api, f"{API}/repositories/file/file/", signed_in, new_body='{"name": "%s"}'),
            SMALL_DOWNLOAD: LoadJob(content, "/pulp/content/benchmark/small.bin"),
        },
        pids,
        upload=Place(api, f"{API}/artifacts/", nothing, signed_in, {}),
        large=LoadJob(content, "/pulp/content/benchmark/large.bin"),
        notes=("Creating a repository in Pulp also creates its first version.", "Downloads from Pulp are not counted."),
    )
