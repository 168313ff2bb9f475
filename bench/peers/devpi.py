"""devpi-server with one index, on its default database (SQLite) and in its single process."""

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.load import LoadJob
from bench.peers.install import PEERS_ENVIRONMENT, version_of
from bench.peers.peer import DETAIL, LIST, ROWS_OF_A_PAGE, SMALL_DOWNLOAD, Peer
from bench.peers.pulp import START_SECONDS, is_up
from bench.uploads import BOUNDARY, Place, multipart
from tests.services.processes import HOST, ServiceError, free_ports, run_step, running, wait_until
from tests.services.run import make_folder

BIN = PEERS_ENVIRONMENT / "bin"
ROOT_PASSWORD = "benchmark"  # noqa: S105 - of a server that lives for minutes, on loopback
INDEX = "/root/bench"
SPARE_BYTES = 1024 * 1024 * 1024  # for the uploads of the comparison
JSON = {"Accept": "application/json", "Content-Type": "application/json"}


@contextmanager
def devpi(folder: Path, small: Path, large: Path) -> Iterator[Peer]:
    """Run devpi with a package of twenty versions, and one with the large file.

    Raises:
        ServiceError: devpi could not be prepared or started.
    """
    data, port = make_folder(folder / "data"), free_ports(1)
    init = [BIN / "devpi-init", "--serverdir", data, "--no-root-pypi", "--root-passwd", ROOT_PASSWORD]
    run_step("devpi-init", init, log=folder / "init.log")
    command = [BIN / "devpi-server", "--serverdir", data, "--host", HOST, "--port", port, "--offline-mode"]
    command += ["--max-request-body-size", 2 * large.stat().st_size + SPARE_BYTES]
    with running("devpi-server", command, log=folder / "log") as child:
        wait_until(partial(is_up, child.process.pid, port, "/+api"), child, seconds=START_SECONDS)
        key = sign_in(port)
        call(port, "PUT", INDEX, JSON | key, json.dumps({"type": "stage", "bases": []}).encode())
        for number in range(ROWS_OF_A_PAGE):
            send(port, key, "tool", f"1.{number}", small)
        send(port, key, "large", "1.0", large)
        fields = {":action": "file_upload", "name": "heap", "version": "1.0"}
        yield Peer(
            f"devpi-server {version_of('devpi-server')}",
            {
                LIST: LoadJob(port, f"{INDEX}/+simple/tool/"),
                DETAIL: LoadJob(port, f"{INDEX}/tool/1.0", {"Accept": "application/json"}),
                SMALL_DOWNLOAD: LoadJob(port, link_of(port, "tool", "1.0")),
            },
            {"devpi-server": child.process.pid},
            upload=Place(port, f"{INDEX}/", make_folder(folder / "none"), key, fields, "content", "heap-1.0.zip"),
            large=LoadJob(port, link_of(port, "large", "1.0")),
            notes=("The list of devpi is an HTML page with twenty links. Everything is read without a key.",),
        )


def sign_in(port: int) -> dict[str, str]:
    """Return the header that identifies the administrator."""
    body = json.dumps({"user": "root", "password": ROOT_PASSWORD}).encode()
    token = call(port, "POST", "/+login", JSON, body)["result"]["password"]
    return {"X-Devpi-Auth": base64.b64encode(f"root:{token}".encode()).decode()}


def send(port: int, key: dict[str, str], name: str, version: str, file: Path) -> None:
    fields = {":action": "file_upload", "name": name, "version": version}
    body = multipart(file.read_bytes(), fields, part="content", filename=f"{name}-{version}.zip")
    call(port, "POST", f"{INDEX}/", key | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, body)


def link_of(port: int, name: str, version: str) -> str:
    found = call(port, "GET", f"{INDEX}/{name}/{version}", JSON)
    return "/" + str(found["result"]["+links"][0]["href"]).split("/", 3)[3]


def call(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Any:
    """Send a request and return the decoded answer.

    Raises:
        ServiceError: devpi refused the request.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=300)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status >= 400:
        raise ServiceError(f"devpi answered {method} {path} with {response.status}: {text[:300]!r}")
    return json.loads(text) if text.startswith(b"{") else None
