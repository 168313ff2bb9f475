"""The clients of the cluster: python -m bench.cluster.load PLAN SECONDS OUTPUT

Each client is a thread that sends one request after the other. Each line of the output is a request: when it began and
ended (monotonic clock of this computer), its client, its path, and its error, or none.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

TIMEOUT_SECONDS = 60
PAUSE_SECONDS = {"reader": 0.05, "downloader": 0.05, "publisher": 0.1}


class WrongAnswer(Exception):
    """A response that is not the expected one."""


class LoadClient(threading.Thread):
    """A thread with a connection of its own, and the log of its requests."""

    def __init__(self, name: str, host: str, plan: dict[str, Any], stop: threading.Event) -> None:
        super().__init__(name=name)
        self.plan, self.stop, self.host = plan, stop, host
        self.chance = Random(name)
        self.requests: list[dict[str, Any]] = []
        self._connection = http.client.HTTPConnection(host, timeout=TIMEOUT_SECONDS)
        self._numbers = count(1)

    def run(self) -> None:
        kind = self.name.partition("-")[0]
        steps: dict[str, Callable[[], Iterator[None]]] = {
            "reader": self.read,
            "downloader": self.download,
            "publisher": self.publish,
        }
        while not self.stop.is_set():
            for _ in steps[kind]():
                self.stop.wait(PAUSE_SECONDS[kind] * self.chance.uniform(0.5, 1.5))

    def read(self) -> Iterator[None]:
        """Read what anonymous visitors read."""
        target = self.chance.choice([*self.plan["publishers"], self.plan["library"]])
        paths = ["/", target["path"], "/api/mc-dm-downloads/", f"/api/mc-dm-versions/?download_id={target['id']}"]
        paths += [f"/api/updates/{target['slug']}?version=0.1.{self.chance.randrange(1000)}"]
        self.send("GET", self.chance.choice(paths))
        yield

    def download(self) -> Iterator[None]:
        """Download a file, and check every byte."""
        file = self.chance.choice(self.plan["files"])
        self.send("GET", file["path"], digest=file["sha256"])
        yield

    def publish(self) -> Iterator[None]:
        """Publish a version, read it with the key at once, and sometimes yank it."""
        target = self.plan["publishers"][int(self.name.rpartition("-")[2])]
        number = f"1.{next(self._numbers)}.0"
        body = {"download_id": target["id"], "version_string": number}
        made = self.send("POST", "/api/mc-dm-versions/", body=body, number=number)
        yield
        if made is not None:
            path = f"/api/mc-dm-versions/{made['version']['version_id']}/"
            self.send("GET", path, key=True, shows=number)
            self.send("GET", f"/api/mc-dm-versions/?download_id={target['id']}", key=True, shows=number)
            if self.chance.random() < 0.2:
                self.send("POST", f"{path}yank/", body={"reason": "a test"})
            yield

    def send(self, method: str, path: str, *, body: Any = None, key: bool = False, **expected: str) -> Any:
        """Send a request, and return its JSON, or None after an error."""
        # A user agent is a visitor of its own, so that every download counts.
        headers = {"User-Agent": f"cluster/{self.name}/{next(self._numbers)}"}
        if body is not None:
            headers |= {"Content-Type": "application/json"}
        if body is not None or key:
            headers |= {"XF-Api-Key": self.plan["key"]}
        request: dict[str, Any] = {"client": self.name, "method": method, "path": path, "error": ""} | expected
        request["began"] = time.monotonic()
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = self._connection.getresponse()
            content = response.read()
            request["status"] = response.status
            request["cache"] = response.headers.get("X-Cache-Status", "")
            check(response.status, content, expected)
        except (OSError, http.client.HTTPException, WrongAnswer) as error:
            request["error"] = f"{type(error).__name__}: {error}"
            self._connection.close()
            return None
        finally:
            request["ended"] = time.monotonic()
            self.requests.append(request)
        return json.loads(content) if response.headers.get_content_type() == "application/json" else {}


def check(status: int, content: bytes, expected: dict[str, str]) -> None:
    """Check a response.

    Raises:
        WrongAnswer: It is not the expected one.
    """
    if status != 200:
        raise WrongAnswer(f"{status} {content[:200]!r}")
    if "digest" in expected and hashlib.sha256(content).hexdigest() != expected["digest"]:
        raise WrongAnswer("The bytes are not those of the file.")
    if "shows" in expected and f'"{expected["shows"]}"' not in content.decode():
        raise WrongAnswer(f"The version {expected['shows']}, which this client has just published, is missing.")


def main(plan_file: Path, seconds: float, output: Path) -> None:
    plan = json.loads(plan_file.read_text())
    stop = threading.Event()
    names = [f"{kind}-{number}" for kind, many in plan["clients"].items() for number in range(many)]
    clients = [LoadClient(name, plan["host"], plan, stop) for name in names]
    for client in clients:
        client.start()
    print("clients started", flush=True)
    stop.wait(seconds)
    stop.set()
    for client in clients:
        client.join()
    with output.open("w") as lines:
        lines.writelines(f"{json.dumps(request)}\n" for client in clients for request in client.requests)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
