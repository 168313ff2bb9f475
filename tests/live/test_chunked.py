"""Bodies in chunks, without Content-Length, over a real connection to a real server."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.hubs import Hub, start
from tests.live.test_uploads import BOUNDARY, MIB, blocks, connected, frame, new_version

pytestmark = pytest.mark.embedded
FORM = f"multipart/form-data; boundary={BOUNDARY}"
LIMIT_BYTES = 4 * MIB


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"), RELEASEHUB_MAX_FILE_BYTES=str(LIMIT_BYTES))
    try:
        yield running
    finally:
        running.end()


def send(hub: Hub, verb: str, path: str, chunks: Iterator[bytes], media: str, key: str | None = None) -> Any:
    """Return status and JSON; the client sends an iterator in chunks."""
    headers = {"XF-Api-Key": hub.printed["API key"] if key is None else key, "Content-Type": media}
    with connected(hub) as connection:
        connection.request(verb, path, chunks, headers, encode_chunked=True)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def form(version_id: int, name: str, mib: int) -> Iterator[bytes]:
    head, tail = frame(version_id, name)
    yield head
    yield from blocks(mib) if mib else [b"short"]
    yield tail


@pytest.mark.parametrize("mib", [0, 1, 3])
def test_a_form_is_stored(hub: Hub, mib: int) -> None:
    version_id = new_version(hub)
    status, body = send(hub, "POST", "/api/mc-dm-files/", form(version_id, "a.bin", mib), FORM)
    content = b"".join(blocks(mib)) if mib else b"short"
    assert status == 200, body
    assert (body["file"]["file_size"], body["file"]["file_hash"][-64:]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )


def test_a_raw_file_is_stored(hub: Hub) -> None:
    products = send(hub, "GET", "/v3/products", iter([]), "application/json")[1]
    release = {"name": "x", "version": "91.1", "productId": products[0]["id"], "platforms": []}
    status, body = send(hub, "POST", "/v3/releases", iter([json.dumps(release).encode()]), "application/json")
    assert status == 201, body
    public_id = body["id"]
    status, body = send(hub, "PUT", f"/v3/{public_id}/raw.bin", blocks(2), "application/octet-stream")
    assert status < 300, body
    assert hashlib.sha256(b"".join(blocks(2))).hexdigest() in digests(hub)


def digests(hub: Hub) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in hub.stored_files()]


def test_the_size_limit_holds_while_the_bytes_arrive(hub: Hub) -> None:
    before = len(hub.stored_files())
    status, body = send(hub, "POST", "/api/mc-dm-files/", form(new_version(hub), "a.bin", 6), FORM)
    assert (status, body["errors"][0]["code"].rpartition("_")[2]) in {(413, "large"), (422, "large")}, body
    assert len(hub.stored_files()) == before


def test_upload_without_a_key_is_refused_before_its_bytes_are_stored(hub: Hub) -> None:
    before = len(hub.stored_files())
    status, body = send(hub, "POST", "/api/mc-dm-files/", form(new_version(hub), "a.bin", 0), FORM, key="")
    assert (status, body["errors"][0]["code"]) == (400, "no_api_key_in_request")
    assert len(hub.stored_files()) == before


def test_other_routes_read_a_small_body_and_refuse_a_large_one(hub: Hub) -> None:
    path = f"/api/mc-dm-versions/{new_version(hub)}/"
    small, large = (json.dumps({"release_notes": "x" * size}).encode() for size in (1000, 100_000))
    status, body = send(hub, "PUT", path, iter([small[:500], small[500:]]), "application/json")
    assert (status, body["version"]["release_notes"]) == (200, "x" * 1000)
    assert send(hub, "PUT", path, iter([large]), "application/json")[0] == 413


@pytest.mark.parametrize("end", [b"", b"0\r\nX-Checksum: 1\r\n\r\n"])
@pytest.mark.parametrize("mib", [0, 1])
def test_a_body_that_is_cut_or_has_trailers_is_not_stored(hub: Hub, mib: int, end: bytes) -> None:
    """Everything but the last chunk arrives, or trailer fields after it. Granian reports both in the same way."""
    before = len(hub.stored_files())
    version_id = new_version(hub)
    head = f"POST /api/mc-dm-files/ HTTP/1.1\r\nHost: 127.0.0.1\r\nXF-Api-Key: {hub.printed['API key']}\r\n"
    with socket.create_connection(("127.0.0.1", hub.port), timeout=60) as client:
        client.sendall(f"{head}Content-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for chunk in form(version_id, "a.bin", mib):
            client.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        if end:
            client.sendall(end)
        else:
            client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b'"length_required"' in answer
    assert b"without trailer fields" in answer
    assert len(hub.stored_files()) == before


def test_a_part_of_an_upload_session_is_stored(hub: Hub) -> None:
    body = {"version_id": new_version(hub), "filename": "part.bin", "size_bytes": 3 * MIB}
    status, answer = send(hub, "POST", "/api/uploads/", iter([json.dumps(body).encode()]), "application/json")
    assert status == 201, answer
    path = urlsplit(answer["upload"]["urls"][0]["url"]).path
    assert send(hub, "PUT", path, blocks(2), "application/octet-stream")[0] == 400  # ends early
    assert send(hub, "PUT", path, blocks(3), "application/octet-stream") == (200, {"success": True})
    assert hashlib.sha256(b"".join(blocks(3))).hexdigest() in digests(hub)
