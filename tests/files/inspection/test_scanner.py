"""The scanner hook against a small server that speaks clamd's protocol and checks every frame."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from files.inspection.scanner import ScannerUnavailable, scan
from tests.serving import Acceptor

pytestmark = pytest.mark.embedded

MARKER = b"X5O!P%@AP-HARMLESS-TEST-FILE"
Behavior = Callable[["FakeClamd", socket.socket], None]


@dataclass
class FakeClamd:
    """One connection after the other; `broken` lists what a client did wrong."""

    behavior: Behavior
    limit_bytes: int = 2**30
    streams: list[bytes] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    is_stopped: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                self.behavior(self, connection)
            except OSError as error:
                self.broken.append(repr(error))


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("The client left within a frame.")
        data += piece
    return data


def read_stream(server: FakeClamd, connection: socket.socket) -> bytes | None:
    """None when it is larger than the limit, as clamd does: at once, with the rest unread."""
    if (command := exactly(connection, 10)) != b"zINSTREAM\0":
        server.broken.append(f"command {command!r}")
    stream = b""
    while size := struct.unpack(">L", exactly(connection, 4))[0]:
        server.frames.append(size)
        if len(stream) + size > server.limit_bytes:
            return None
        stream += exactly(connection, size)
    server.streams.append(stream)
    return stream


def honest(server: FakeClamd, connection: socket.socket) -> None:
    stream = read_stream(server, connection)
    if stream is None:
        connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    elif MARKER in stream:
        connection.sendall(b"stream: Eicar-Test-Signature FOUND\0")
    else:
        for byte in b"stream: OK\0":
            connection.sendall(bytes([byte]))


def answering(answer: bytes) -> Behavior:
    def behave(server: FakeClamd, connection: socket.socket) -> None:
        read_stream(server, connection)
        connection.sendall(answer)

    return behave


def hanging(server: FakeClamd, connection: socket.socket) -> None:
    server.is_stopped.wait(300)


def dripping(server: FakeClamd, connection: socket.socket) -> None:
    read_stream(server, connection)
    while not server.is_stopped.wait(0.05):
        connection.sendall(b"s")


def closing(server: FakeClamd, connection: socket.socket) -> None:
    exactly(connection, 10)


def resetting(server: FakeClamd, connection: socket.socket) -> None:
    exactly(connection, 10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def approving_early(server: FakeClamd, connection: socket.socket) -> None:
    """Says OK without having read the file."""
    exactly(connection, 14)
    connection.sendall(b"stream: OK\0")


Start = Callable[..., FakeClamd]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[tuple[FakeClamd, Acceptor]] = []

    def start_one(behavior: Behavior = honest, *, is_unix: bool = False, limit_bytes: int = 2**30) -> FakeClamd:
        listener = socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET)
        listener.bind(str(tmp_path / "clamd") if is_unix else ("127.0.0.1", 0))
        listener.listen()
        server = FakeClamd(behavior, limit_bytes)
        server.address = f"unix:{tmp_path}/clamd" if is_unix else f"127.0.0.1:{listener.getsockname()[1]}"
        running.append((server, Acceptor(listener, server.serve)))
        return server

    yield start_one
    for server, acceptor in running:
        server.is_stopped.set()
        acceptor.close()


@pytest.mark.parametrize("is_unix", [False, True])
def test_clean_file_has_no_finding(start: Start, is_unix: bool) -> None:
    server = start(is_unix=is_unix)
    assert scan([b"clean"], address=server.address) is None
    assert (server.streams, server.frames, server.broken) == ([b"clean"], [5], [])


@pytest.mark.parametrize("is_unix", [False, True])
def test_finding_contains_the_malware_name(start: Start, is_unix: bool) -> None:
    server = start(is_unix=is_unix)
    assert scan([b"a" * 70, MARKER[:9], MARKER[9:]], address=server.address) == "Eicar-Test-Signature"


def test_large_and_empty_chunks_arrive_whole(start: Start) -> None:
    server = start()
    chunks = [b"", b"a" * 200_000, b"", b"b"]
    assert scan(iter(chunks), address=server.address) is None
    assert server.streams == [b"".join(chunks)]
    assert max(server.frames) <= 64 * 1024
    assert server.broken == []


def test_empty_file_is_scanned(start: Start) -> None:
    server = start()
    assert scan([], address=server.address) is None
    assert server.streams == [b""]


def test_large_file_is_scanned_as_a_stream(start: Start) -> None:
    server = start()
    drawn = 0

    def chunks() -> Iterator[bytes]:
        nonlocal drawn
        for _ in range(64):
            drawn += 1
            yield bytes(256 * 1024)

    assert scan(chunks(), address=server.address) is None
    assert (drawn, len(server.streams[0])) == (64, 16 * 1024 * 1024)


def test_file_over_the_limit_names_the_setting(start: Start) -> None:
    server = start(limit_bytes=100_000)
    with pytest.raises(ScannerUnavailable, match="StreamMaxLength"):
        scan([bytes(300_000)] * 50, address=server.address)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",
        b"\0",
        b"OK\0",
        b"stream: lstat() failed ERROR\0",
        b"stream: OK FOUND ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"HTTP/1.1 200 OK\r\n\r\n\0",
        b"\xff\xfe\0",
        b"stream: NOT OK\0",
        b"A" * 100_000,
    ],
)
def test_unexpected_scanner_response_gives_no_verdict(start: Start, answer: bytes) -> None:
    with pytest.raises(ScannerUnavailable) as caught:
        scan([b"clean"], address=start(answering(answer)).address)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_finding_without_a_malware_name_is_reported(start: Start) -> None:
    assert scan([b"x"], address=start(answering(b"stream:  FOUND\0")).address) == "unnamed"


@pytest.mark.parametrize("behavior", [hanging, dripping])
@pytest.mark.parametrize("size", [5, 20_000_000])
def test_hanging_scanner_times_out(start: Start, behavior: Behavior, size: int) -> None:
    server = start(behavior)
    with pytest.raises(ScannerUnavailable, match=r"in 0\.5 seconds|no verdict"):
        scan([bytes(size)], address=server.address, timeout_seconds=0.5)


@pytest.mark.parametrize("behavior", [closing, resetting, approving_early])
def test_scanner_that_closes_the_connection_gives_no_verdict(start: Start, behavior: Behavior) -> None:
    with pytest.raises(ScannerUnavailable):
        scan([bytes(1_000_000)] * 20, address=start(behavior).address)


def test_unreachable_scanner_is_reported() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ScannerUnavailable, match="cannot be reached"):
            scan([b"x"], address=f"127.0.0.1:{unused.getsockname()[1]}", timeout_seconds=5)


@pytest.mark.parametrize("address", ["unix:/nowhere/clamd", "unix:", "unix:" + "x" * 200, "x" * 70 + ":1"])
def test_missing_scanner_socket_is_reported(address: str) -> None:
    with pytest.raises(ScannerUnavailable):
        scan([b"x"], address=address)


@pytest.mark.parametrize(
    "address", ["", "localhost", ":3310", "localhost:", "localhost:x", "localhost:99999", "host:\u0663"]
)
def test_malformed_scanner_address_is_reported(address: str) -> None:
    with pytest.raises(ScannerUnavailable, match="must be host:port or unix:"):
        scan([b"x"], address=address)


def test_storage_error_is_not_translated(start: Start) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x"
        raise TimeoutError("storage")

    with pytest.raises(TimeoutError, match="storage"):
        scan(chunks(), address=start().address)
