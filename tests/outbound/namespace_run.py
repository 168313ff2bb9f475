"""A script for `unshare -Urn`. Every address of the world is on `lo` there, so a forbidden one would really respond.

Reads the corpus named on the command line; prints, as JSON, the addresses that accepted a connection: per case, and for
literal addresses with and without a network the operator listed.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from releasehub.outbound.client import fetch, send
from releasehub.outbound.failures import InvalidUrl, Refused, Unreachable
from releasehub.outbound.urls import parse_target

FORBIDDEN = {
    "127.0.0.1": "http://127.0.0.1:8081/",
    "10.0.0.1": "http://10.0.0.1:8081/",
    "100.64.0.1": "http://100.64.0.1:8081/",
    "169.254.169.254": "http://169.254.169.254/latest/meta-data/",
    "168.63.129.16": "http://168.63.129.16/machine",
    "192.168.0.1": "http://192.168.0.1/",
    "::1": "http://[::1]:8081/",
    "fd20:ce::254": "http://[fd20:ce::254]/",
    "64:ff9b:1::1": "http://[64:ff9b:1::1]/",
}
PORTS = (80, 443, 2375, 3128, 5432, 6379, 8080, 8081, 8443, 11211)

accepted: list[str] = []
redirects: dict[str, bytes] = {}
lookups: dict[str, list[list[str]]] = {}
asked: list[str] = []


def main(corpus: str) -> None:
    settings.configure()
    open_world()
    cases = json.loads(Path(corpus).read_text())["cases"]
    report = {
        "forbidden": {address: reached(url) for address, url in FORBIDDEN.items()},
        "listed": {address: reached(url, only(address)) for address, url in FORBIDDEN.items()},
        "cases": {case["id"]: run_case(case) for case in cases},
    }
    time.sleep(0.2)
    print(json.dumps(report | {"accepted": accepted}))


def only(address: str) -> str:
    """Return the network that contains only this address."""
    return f"{address}/{128 if ':' in address else 32}"


def open_world() -> None:
    for command in (
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
    ):
        subprocess.run(command.split(), check=True)
    for port in PORTS:
        for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
            listener = socket.create_server((host, port), family=family)
            threading.Thread(target=listen, args=(listener,), daemon=True).start()
    socket.getaddrinfo = look_up


def listen(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        accepted.append(connection.getsockname()[0])
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection: socket.socket) -> None:
    with suppress(OSError), connection:
        path = connection.recv(65536).split(b" ")[1].decode() if connection.getsockname()[1] % 1000 != 443 else ""
        connection.sendall(redirects.get(path, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))


def look_up(host: Any, port: Any, *_: Any, system: Any = socket.getaddrinfo, **__: Any) -> Any:
    if host not in lookups:
        return system(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    found = lookups[host][min(asked.count(host), len(lookups[host]) - 1)]
    asked.append(host)
    if not found or found[0].isalpha():
        raise socket.gaierror(socket.EAI_AGAIN if found else socket.EAI_NONAME, "stub")
    return [row for address in found for row in system(address, port, type=socket.SOCK_STREAM)]


def reached(url: str, *networks: str) -> list[str]:
    """Return the addresses that accepted a connection, with either way to connect."""
    settings.WEBHOOK_ALLOW_NETS = networks
    before = len(accepted)
    with suppress(Refused, Unreachable):
        send("POST", url, body=b"{}", total_seconds=2)
    if not networks:
        with suppress(Refused, Unreachable), fetch(url, total_seconds=2) as download:
            list(download.chunks())
    return accepted[before:]


def run_case(case: dict[str, Any]) -> list[str]:
    """Send a delivery and its retries without redirects, then the same as a download that follows redirects."""
    play(case)
    return [address for _ in range(3) for address in reached(case["url"])]


def play(case: dict[str, Any]) -> None:
    """Set up the resolver and the servers for the case."""
    with suppress(InvalidUrl):
        target = parse_target(case["url"])
        if not target.is_address:
            lookups[target.host] = case.get("resolves_to", [[]])
        if "redirect_to" in case:
            status, location = case["response_status"], case["redirect_to"]
            redirects[target.path] = (
                f"HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
            )
    asked.clear()


if __name__ == "__main__":
    main(sys.argv[1])
