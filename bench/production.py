"""A hub as in production: PostgreSQL, Redis, web processes, Celery workers and the scheduler, on loopback."""

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from bench import servers
from bench.plan import Seeded
from bench.servers import Environment, Server, Setup, answers
from bench.uploads import BOUNDARY, multipart, new_content
from releasehub.server.command import granian_arguments
from tests.services.processes import HOST, ServiceError, free_ports, running, wait_until
from tests.services.run import services, temporary_folder

ROWS = 20_000
WEB_PROCESSES, WORKERS = 2, 2
QUEUES = "webhooks,files,default,outbound"
SMALL, LARGE = 4096, 1024 * 1024
START_SECONDS = 300.0


@contextmanager
def production() -> Iterator[tuple[int, dict[str, int], Seeded, list[str]]]:
    """Run a hub as in production. Yield its port, its processes, its rows and the paths of two stored files."""
    settings = servers.POSTGRES_SETTINGS | {"max_connections": "100"}
    with (
        services("postgres", "redis", postgres_settings=settings) as urls,
        temporary_folder() as folder,
        ExitStack() as stack,
    ):
        data = folder / "data"
        data.mkdir()
        environment = servers.common_environment(Setup(WEB_PROCESSES, 1, 16), servers.ROOT) | urls
        environment |= {"RELEASEHUB_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "releasehub.settings.base"}
        seeded = servers.seed_hub(environment, ROWS)
        servers.run_python(environment, "manage.py", "collectstatic", "--noinput", "-v0")
        web = stack.enter_context(serving(environment, WEB_PROCESSES, folder / "web.log"))
        roots = {"web": web.pid}
        for number in range(1, WORKERS + 1):
            options = ("-Q", QUEUES, "-c", "1", "-l", "warning", "-n", f"worker{number}@localhost")
            log = folder / f"worker{number}.log"
            roots[f"worker {number}"] = stack.enter_context(celery(environment, log, "worker", *options))
        stack.enter_context(celery(environment, folder / "beat.log", "beat", "-s", str(folder / "schedule")))
        yield web.port, roots, seeded, [store(web.port, seeded, new_content(size)) for size in (SMALL, LARGE)]


@contextmanager
def serving(environment: Environment, workers: int, log: Path) -> Iterator[Server]:
    """Run the web server as the Docker image does."""
    port = free_ports(1)
    arguments = granian_arguments(host=HOST, port=port, workers=workers)
    command = [*as_command(environment), "-m", "granian", *arguments, "--log-level", "error"]
    with running("The web server", command, log=log) as child:
        wait_until(partial(answers, child.process.pid, port), child, seconds=START_SECONDS)
        yield Server(port, child.process.pid)


@contextmanager
def celery(environment: Environment, log: Path, kind: str, *options: str) -> Iterator[int]:
    command = [*as_command(environment), "-m", "celery", "-A", "releasehub.server", kind, *options]
    with running(f"Celery {kind}", command, log=log) as child:
        yield child.process.pid


def as_command(environment: Environment) -> list[str]:
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), sys.executable]


def store(port: int, seeded: Seeded, content: bytes) -> str:
    """Upload a file and return the path of its downloads.

    Raises:
        ServiceError: The hub refused the file.
    """
    body = multipart(content, {"version_id": str(seeded.upload_version)})
    headers = {"XF-Api-Key": seeded.key, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection = http.client.HTTPConnection(HOST, port, timeout=300)
    connection.request("POST", "/api/mc-dm-files/", body, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status not in {200, 201}:
        raise ServiceError(f"The upload was answered with {response.status}: {text[:500]!r}")
    return f"/api/mc-dm-files/{json.loads(text)['file']['file_id']}/download/"
