"""Clients that send or read nothing hold no thread: a hub with two threads answers everybody else."""

from __future__ import annotations

import re
import select
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.hubs import Hub, start
from tests.live.test_uploads import call, new_version, reaches, upload

pytestmark = pytest.mark.embedded

THREADS = "2"
PEERS = 8
LARGE = 10_000_000
CONNECTIONS = 20
IN_ERRORS = {
    "/v3/accounts/login": b'"code": "BODY_TOO_SLOW"',
    "/api/mc-dm-versions/": b'"code": "request_too_slow"',
    "/sign-in/": b"<h1",
}
SMALL_BODIES = ("/v3/accounts/login", "/api/mc-dm-versions/", "/sign-in/", "/version_files")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(
        tmp_path_factory.mktemp("hub"),
        RELEASEHUB_WEB_THREADS=THREADS,
        RELEASEHUB_UPLOAD_THREADS=THREADS,
        RELEASEHUB_BODY_STALL_SECONDS="3",
        RELEASEHUB_ANSWER_STALL_SECONDS="3",
        RELEASEHUB_CONNECTIONS_PER_ADDRESS=str(CONNECTIONS),
        RELEASEHUB_WEBHOOK_ALLOW_NETS="127.0.0.0/8",
    )
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def peers(hub: Hub) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connect(hub)) for _ in range(PEERS)]


def connect(hub: Hub) -> socket.socket:
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.settimeout(30)
    peer.connect(("127.0.0.1", hub.port))
    return peer


def post(path: str, length: int, start_of_body: bytes = b"{", **headers: str) -> bytes:
    """The head of a request and the first bytes of a body that never ends."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + start_of_body


def received(peer: socket.socket) -> bytes:
    """Return all bytes until the server closes the connection."""
    answer = b""
    while chunk := peer.recv(65536):
        answer += chunk
    return answer


def assert_others_are_answered(hub: Hub) -> None:
    assert hub.get("/api/mc-dm-downloads/")["pagination"]["total"] > 0


def closed(peers: list[socket.socket]) -> list[socket.socket]:
    """Return the connections that the server ended, without reading from the others."""
    poller = select.poll()
    for peer in peers:
        poller.register(peer, select.POLLRDHUP)
    ended = {number for number, _ in poller.poll(0)}
    return [peer for peer in peers if peer.fileno() in ended]


def test_idle_connections_block_no_thread(hub: Hub, peers: list[socket.socket]) -> None:
    assert len(peers) == PEERS
    assert_others_are_answered(hub)


def test_incomplete_headers_block_no_thread(hub: Hub, peers: list[socket.socket]) -> None:
    for peer in peers:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-")
    assert_others_are_answered(hub)


def test_incomplete_small_bodies_are_408(hub: Hub, peers: list[socket.socket]) -> None:
    for peer, path in zip(peers, SMALL_BODIES * 2, strict=True):
        peer.sendall(post(path, 1000))
    assert_others_are_answered(hub)
    answers = {path: received(peer) for peer, path in zip(peers, SMALL_BODIES * 2, strict=True)}
    assert {answer.split(b" ")[1] for answer in answers.values()} == {b"408"}
    for path, answer in answers.items():
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"x-request-id: " in head
        assert b"connection: close" in head
        assert path not in IN_ERRORS or IN_ERRORS[path] in body


def test_incomplete_large_bodies_block_no_requests_or_uploads(hub: Hub, peers: list[socket.socket]) -> None:
    key = hub.printed["API key"]
    boundary = "multipart/form-data; boundary=b"
    first, *others = peers
    head = post("/api/mc-dm-files/", LARGE, b"--b\r\n", XF_Api_Key=key).replace(b"application/json", boundary.encode())
    first.sendall(head)
    assert_others_are_answered(hub)
    for peer in others:  # all of them while the first one holds the only place; each stays open until it stalls
        peer.sendall(head)
    assert {received_refusal(peer) for peer in others} == {b"503"}
    assert received(first).split(b" ")[1] == b"408"
    status, answer, _ = upload(hub, new_version(hub), "after.bin", 1)
    assert status == 200, answer


def received_refusal(peer: socket.socket) -> bytes:
    answer = received(peer)
    assert b"retry-after: " in answer
    return answer.split(b" ")[1]


def test_clients_that_do_not_read_block_no_thread(hub: Hub, peers: list[socket.socket]) -> None:
    path = large_file(hub)
    for peer in peers:
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nXF-Api-Key: {hub.printed['API key']}\r\n\r\n".encode())
    for peer in peers:
        assert peer.recv(15).startswith(b"HTTP/1.1 200")
    assert_others_are_answered(hub)
    assert reaches(lambda: closed(peers) == peers)


def test_idle_connections_are_closed_before_and_between_requests(hub: Hub, peers: list[socket.socket]) -> None:
    for peer in peers[::2]:
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert peer.recv(15).startswith(b"HTTP/1.1 200")
    assert reaches(lambda: closed(peers) == peers)


def test_one_address_holds_a_limited_number_of_connections(hub: Hub) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(connect(hub)) for _ in range(3 * CONNECTIONS)]
        assert reaches(lambda: closed_for_the_limit(hub) >= 2 * CONNECTIONS)
        assert_others_are_answered(hub)
        assert len(closed(peers)) >= 2 * CONNECTIONS


def closed_for_the_limit(hub: Hub) -> int:
    """Return the number of closed connections from the log, because Granian closes idle connections as well."""
    return sum(map(int, re.findall(r"(\d+) connections that exceeded the limit per IP address", hub.log.read_text())))


def large_file(hub: Hub) -> str:
    """The path of a file that is larger than what the sockets between server and client hold."""
    version = new_version(hub)
    status, answer, _ = upload(hub, version, "large.bin", 24)
    assert status == 200, answer
    listed = call(hub, "GET", f"/api/mc-dm-files/?version_id={version}")[1]["files"][0]
    return f"/api/mc-dm-files/{listed['file_id']}/download/"


def finished(hub: Hub) -> dict[str, str]:
    """Return the time when each background task last finished."""
    with urllib.request.urlopen(f"{hub.url}/metrics", timeout=180) as answer:
        text = answer.read().decode()
    return dict(re.findall(r'^releasehub_task_finished_time_seconds\{task="([a-z_.]+)"\} (\S+)$', text, re.MULTILINE))


def test_hanging_link_hosts_delay_no_other_task(hub: Hub) -> None:
    with ExitStack() as stack:
        hosts = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        version = new_version(hub)
        for number, host in enumerate(hosts * 3):
            url = f"http://127.0.0.1:{host.getsockname()[1]}/{number}.bin"
            body = {"version_id": version, "external_url": url, "filename": f"{number}.bin"}
            status, answer = call(hub, "POST", "/api/mc-dm-files/", body)
            assert status == 200, answer
        hosts[0].settimeout(30)
        stack.enter_context(hosts[0].accept()[0])  # a probe waits for an answer that never comes
        before = finished(hub)
        scheduled = ("webhooks.sweep", "audit.chain")
        assert reaches(lambda: all(finished(hub).get(task) not in {None, before.get(task)} for task in scheduled))
