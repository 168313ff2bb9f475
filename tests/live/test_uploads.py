"""Uploads over a real connection to a real server."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.hubs import Hub

pytestmark = pytest.mark.embedded

MIB = 1024 * 1024
BOUNDARY = "----releasehub-test"


def connected(hub: Hub) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", hub.port, timeout=120))


def call(hub: Hub, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"XF-Api-Key": hub.printed["API key"], "Content-Type": "application/json"}
    with connected(hub) as connection:
        connection.request(method, path, json.dumps(body or {}), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def new_version(hub: Hub) -> int:
    download = hub.get("/api/mc-dm-downloads/?order=created_date&direction=asc")["downloads"][0]["download_id"]
    body = {"download_id": download, "version_string": f"90.{random.randrange(10**9)}", "state": "draft"}
    status, answer = call(hub, "POST", "/api/mc-dm-versions/", body)
    assert status == 200, answer
    return int(answer["version"]["version_id"])


def frame(version_id: int, name: str) -> tuple[bytes, bytes]:
    """Return the parts of the form before and after the bytes of the file."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="version_id"\r\n\r\n{version_id}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode(), f"\r\n--{BOUNDARY}--\r\n".encode()


def blocks(mib: int) -> Iterator[bytes]:
    source = random.Random(mib)
    for _ in range(mib):
        yield source.randbytes(MIB)


def upload(hub: Hub, version_id: int, name: str, mib: int) -> tuple[int, Any, str]:
    """Send the file in blocks. Return the status, the response, and the SHA-256 of the sent bytes."""
    before, behind = frame(version_id, name)
    digest = hashlib.sha256()
    with connected(hub) as connection:
        connection.putrequest("POST", "/api/mc-dm-files/")
        connection.putheader("XF-Api-Key", hub.printed["API key"])
        connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        connection.putheader("Content-Length", str(len(before) + mib * MIB + len(behind)))
        connection.endheaders(before)
        for block in blocks(mib):
            digest.update(block)
            connection.send(block)
        connection.send(behind)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), digest.hexdigest()


def resident_bytes(hub: Hub) -> int:
    """The largest resident memory that the server's processes ever had."""
    peak = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text()
            line = (path.parent / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"--port\0{hub.port}\0" in line:
            peak += int(next(row.split()[1] for row in text.splitlines() if row.startswith("VmHWM"))) * 1024
    return peak


def reaches(state: Callable[[], bool], seconds: float = 30) -> bool:
    """Return whether the state is reached in time."""
    end = time.monotonic() + seconds
    while not (reached := state()) and time.monotonic() < end:
        time.sleep(0.1)
    return reached


def test_downloaded_bytes_equal_published_bytes(hub: Hub) -> None:
    version = new_version(hub)
    sent = {name: upload(hub, version, name, mib)[2] for name, mib in (("one.bin", 1), ("two.bin", 3))}
    assert call(hub, "POST", f"/api/mc-dm-versions/{version}/publish/")[0] == 200
    files = hub.get(f"/api/mc-dm-files/?version_id={version}&with=full")["files"]
    assert {file["filename"]: file["file_hash"] for file in files} == {n: f"sha256:{d}" for n, d in sent.items()}
    for file in files:
        with connected(hub) as connection:
            connection.request("GET", f"/api/mc-dm-files/{file['file_id']}/download/")
            assert hashlib.sha256(connection.getresponse().read()).hexdigest() == sent[file["filename"]]


def test_several_ranges_arrive_in_one_response(hub: Hub) -> None:
    """They are more than the server keeps in memory, so they come from a temporary file."""
    version = new_version(hub)
    file_id = upload(hub, version, "three.bin", 3)[1]["file"]["file_id"]
    with connected(hub) as connection:
        path, key = f"/api/mc-dm-files/{file_id}/download/", {"XF-Api-Key": hub.printed["API key"]}
        connection.request("GET", path, headers=key)
        whole = connection.getresponse().read()
        connection.request("GET", path, headers=key | {"Range": f"bytes={MIB}-{3 * MIB - 2}, 0-9"})
        answer = connection.getresponse()
        body = answer.read()
    assert (answer.status, answer.headers["Content-Length"]) == (206, str(len(body)))
    parts = [part.split(b"\r\n\r\n", 1)[1] for part in body.split(b"\r\n--" + body[4:36])[1:-1]]
    assert parts == [whole[MIB : 3 * MIB - 1], whole[:10]]


def test_large_upload_uses_little_memory(hub: Hub) -> None:
    version = new_version(hub)
    upload(hub, version, "warm-up.bin", 8)
    before = resident_bytes(hub)
    status, answer, digest = upload(hub, version, "large.bin", 96)
    assert (status, answer["file"]["file_hash"]) == (200, f"sha256:{digest}")
    assert resident_bytes(hub) - before < 32 * MIB


@pytest.mark.parametrize("sent_mib", [0, 1, 9])
def test_interrupted_upload_leaves_nothing(hub: Hub, sent_mib: int) -> None:
    version, stored = new_version(hub), set(hub.stored_files())
    before, behind = frame(version, "cut.bin")
    with socket.create_connection(("127.0.0.1", hub.port)) as connection:
        connection.sendall(
            b"POST /api/mc-dm-files/ HTTP/1.1\r\nHost: localhost\r\n"
            + f"XF-Api-Key: {hub.printed['API key']}\r\n".encode()
            + f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n".encode()
            + f"Content-Length: {len(before) + 64 * MIB + len(behind)}\r\n\r\n".encode()
            + before
        )
        for block in blocks(sent_mib):
            connection.sendall(block)
        if sent_mib:  # the server has begun to store it, so what is missing later was removed
            assert reaches(lambda: bool(set(hub.stored_files()) - stored))
    if not sent_mib:
        time.sleep(1)
    assert reaches(lambda: set(hub.stored_files()) <= stored)
    assert hub.get(f"/api/mc-dm-files/?version_id={version}")["pagination"]["total"] == 0
    assert hub.get("/readyz")["database"]


def test_started_hub_logs_no_keys(hub: Hub) -> None:
    text = hub.log.read_text().replace(hub.printed["API key"], "", 1)
    assert hub.printed["API key"] not in text
    assert "Traceback" not in text


def test_data_directory_is_private_to_the_hub(hub: Hub) -> None:
    """Everything below the data directory, except what this test made and the static files, which are public."""
    found = [path for path in hub.data.rglob("*") if path != hub.log and hub.data / "static" not in path.parents]
    assert any(path.suffix == ".sqlite3" for path in found)
    assert [path for path in found if path.name != "static" and path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/v3/releases", 300_000, 401),
        ("/v3/releases", 3 * MIB, 413),
        ("/v3/nowhere/at/all", 3 * MIB, 404),
        ("/api/mc-dm-files/", 300_000, 400),
        ("/account/sign-in/", 300_000, 403),
    ],
)
def test_an_answer_before_the_body_says_that_the_connection_closes(
    hub: Hub, path: str, length: int, status: int
) -> None:
    """Otherwise, the client sends its next request on a connection that the server has closed."""
    with connected(hub) as connection:
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()  # the body is not sent, so the server cannot have read it
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (status, "close")


def test_a_connection_is_used_again_after_a_body_that_was_read(hub: Hub) -> None:
    with connected(hub) as connection:
        headers = {"XF-Api-Key": hub.printed["API key"], "Content-Type": "application/json"}
        for _ in range(2):
            connection.request("POST", "/v3/releases", b"{" + b" " * 300_000 + b"}", headers)
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Connection"]) == (400, None)
            answer.read()


@pytest.mark.parametrize(
    ("path", "status"), [("/v3/releases", 413), ("/api/mc-dm-files/", 400), ("/d/packsmith/", 404)]
)
@pytest.mark.parametrize("expectation", [{}, {"Expect": "100-continue"}])
def test_a_client_that_sends_its_whole_body_first_gets_the_answer(
    hub: Hub, path: str, status: int, expectation: dict[str, str]
) -> None:
    """Node.js and Caddy, for example, report a broken pipe if the server closes the connection before."""
    with connected(hub) as connection:
        headers = {"Content-Type": "application/octet-stream", **expectation}
        connection.request("POST", path, bytes(16 * MIB), headers)
        assert connection.getresponse().status == status
