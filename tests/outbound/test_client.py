"""Tests of the HTTP client with real sockets on loopback: its targets, requests, size limits and time limits."""

import gzip
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from releasehub.outbound import connections
from releasehub.outbound.client import check_target, fetch, send
from releasehub.outbound.connections import Deadline
from releasehub.outbound.failures import Refused, Unreachable

pytestmark = pytest.mark.embedded

Start = Callable[..., Any]
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]

allowed = pytest.mark.usefixtures("loopback_allowed")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def redirect(status: int, location: str) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


# The reason of an exchange that was stopped by the deadline. If it ended in another way, the reason would differ.
CUT = "took too long"
EARLY = "closed the connection early"
SECONDS = 0.5


def drip(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(piece)
            time.sleep(0.1)

    return answer


def silence(connection: socket.socket) -> None:
    connection.settimeout(10)
    while connection.recv(4096):
        pass


def endless(head: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"x" * 65536)

    return answer


def header_lines(request: bytes) -> list[bytes]:
    return request.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_loopback_is_refused_by_default(canary: Start, lookups: Lookups) -> None:
    server = canary()
    lookups({"hooks.example": [["127.0.0.1"]], "mixed.example": [["8.8.4.4", "127.0.0.1"]]})
    hosts = ("127.0.0.1", "hooks.example", "mixed.example", "localhost", "[::ffff:127.0.0.1]", "2130706433", "127.1")
    for host in hosts:
        with pytest.raises(Refused):
            send("POST", f"http://{host}:{server.port}/")
        with pytest.raises(Refused), fetch(f"http://{host}:{server.port}/", total_seconds=1):
            pass
    assert server.accepts == 0


@allowed
def test_request_and_response(canary: Start) -> None:
    server = canary(b"HTTP/1.1 202 Accepted\r\nX-Note: a\r\nContent-Length: 5\r\n\r\nhello")
    answer = send("POST", f"{server.url}/hook?a=b#c", headers={"X-Signature": "s"}, body=b"{}")
    assert (answer.status, answer.body, answer.is_truncated) == (202, b"hello", False)
    assert (answer.url, answer.headers["x-note"]) == (f"{server.url}/hook?a=b", "a")
    assert 0 < answer.seconds < 5
    lines = header_lines(server.requests[0])
    assert lines[0] == b"POST /hook?a=b HTTP/1.1"
    assert set(lines[1:]) == {
        f"Host: 127.0.0.1:{server.port}".encode(),
        b"User-Agent: ReleaseHub",
        b"Accept-Encoding: identity",
        b"Content-Length: 2",
        b"X-Signature: s",
    }
    assert server.requests[0].endswith(b"\r\n\r\n{}")


@allowed
def test_host_name_is_resolved_once_and_sent_as_host_header(canary: Start, lookups: Lookups) -> None:
    server = canary()
    asked = lookups({"hooks.example": [["127.0.0.1"], ["10.0.0.1"]]})
    assert send("GET", f"http://hooks.example:{server.port}/").status == 200
    assert asked == ["hooks.example"]
    assert f"Host: hooks.example:{server.port}".encode() in header_lines(server.requests[0])


@allowed
def test_host_name_is_checked_for_every_request(canary: Start, lookups: Lookups) -> None:
    server = canary()
    lookups({"hooks.example": [["127.0.0.1"], ["10.0.0.1"]]})
    check_target(f"http://hooks.example:{server.port}/")
    with pytest.raises(Refused):
        send("GET", f"http://hooks.example:{server.port}/")
    assert server.accepts == 0


@allowed
def test_next_address_is_tried_if_one_does_not_accept(canary: Start, lookups: Lookups) -> None:
    server = canary()
    lookups({"hooks.example": [["::1", "127.0.0.1"]]})
    assert send("GET", f"http://hooks.example:{server.port}/").status == 200


def test_proxy_of_the_environment_is_not_used(canary: Start, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server, proxy = canary(), canary()
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1"]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert send("GET", server.url).status == 200
    assert proxy.accepts == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["http://127.0.0.2:{}/", "http://[::1]:{}/", "http://2130706433:{}/", "//127.2:{}"]
)
def test_redirect_to_a_forbidden_target_is_not_followed(
    canary: Start, settings: Any, status: int, location: str
) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1"]
    forbidden = canary()
    server = canary(redirect(status, location.format(forbidden.port)))
    assert send("POST", server.url).status == status
    with pytest.raises(Refused):
        send("POST", server.url, follow_redirects=3)
    with pytest.raises(Refused), fetch(server.url, total_seconds=5):
        pass
    assert (server.accepts, forbidden.accepts) == (3, 0)


@allowed
@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirect_changes_the_method_and_drops_headers(
    canary: Start, lookups: Lookups, status: int, method: str
) -> None:
    lookups({"other.example": [["127.0.0.1"]]})
    last = canary()
    server = canary(redirect(status, f"http://other.example:{last.port}/there?x"))
    headers = {"Authorization": "secret", "X-Own": "secret", "Content-Type": "application/json"}
    answer = send("POST", server.url, headers=headers, body=b"{}", follow_redirects=1)
    assert (answer.status, answer.url) == (200, f"http://other.example:{last.port}/there?x")
    lines = header_lines(last.requests[0])
    assert lines[0] == f"{method} /there?x HTTP/1.1".encode()
    assert not any(b"secret" in line for line in lines)
    assert (b"Content-Type: application/json" in lines) == (method == "POST")
    assert last.requests[0].endswith(b"{}") == (method == "POST")


@allowed
@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_redirected_head_request_stays_head_and_drops_its_headers(canary: Start, status: int) -> None:
    answers = iter([redirect(status, "/there"), b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
    server = canary(lambda connection: connection.sendall(next(answers)))
    answer = send("HEAD", server.url, headers={"X-Own": "1"}, follow_redirects=1)
    assert (answer.status, answer.body, answer.is_truncated) == (200, b"", False)
    assert header_lines(server.requests[1])[0] == b"HEAD /there HTTP/1.1"
    assert b"X-Own: 1" in header_lines(server.requests[1])


@allowed
def test_number_of_redirects_is_limited(canary: Start) -> None:
    server = canary(redirect(302, "/again"))
    with pytest.raises(Unreachable, match="too many times"):
        send("GET", server.url, follow_redirects=4)
    assert server.accepts == 5


@allowed
@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_responses_with_a_location_are_final(canary: Start, status: int) -> None:
    server = canary(redirect(status, "/there"))
    assert send("GET", server.url, follow_redirects=4).status == status
    assert server.accepts == 1


@allowed
@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK, (200, b"hello")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK, (200, b"hello")),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK, (101, b"")),
        (b"HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nhello", (204, b"")),
    ],
    ids=["hints", "continue", "switch", "chunks", "length"],
)
def test_interim_responses_and_bodies_that_cannot_be_are_skipped(
    canary: Start, answer: bytes, result: tuple[int, bytes]
) -> None:
    response = send("POST", canary(answer).url, body=b"x")
    assert (response.status, response.body) == result


@allowed
def test_body_is_truncated_at_the_limit(canary: Start) -> None:
    answer = send("GET", canary(endless(b"HTTP/1.1 200 OK\r\n\r\n")).url, read_limit=1000)
    assert (len(answer.body), answer.is_truncated) == (1000, True)
    server = canary(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    assert send("GET", server.url, read_limit=8).body == b"hello wo"
    whole = send("GET", server.url)
    assert (whole.body, whole.is_truncated) == (b"hello world", False)
    exact = send("GET", canary().url, read_limit=5)
    assert (exact.body, exact.is_truncated) == (b"hello", False)


@allowed
def test_compressed_body_is_not_decompressed(canary: Start) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    server = canary(head + bomb)
    assert send("GET", server.url, read_limit=1 << 20).body == bomb
    with fetch(server.url, total_seconds=120) as download:
        assert b"".join(download.chunks()) == bomb


@allowed
@pytest.mark.parametrize(
    "answer",
    [
        drip(b"", b"H"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1"),
        silence,
    ],
    ids=["status", "headers", "header", "continue", "length", "close", "chunks", "chunk_size", "silence"],
)
def test_slow_server_exceeds_the_deadline(canary: Start, answer: Any) -> None:
    server = canary(answer)
    with pytest.raises(Unreachable, match=CUT):
        send("GET", server.url, total_seconds=SECONDS)


@allowed
def test_server_that_reads_nothing_exceeds_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(Unreachable, match=CUT):
        send("POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", body=b"x" * 50_000_000, total_seconds=SECONDS)


@allowed
def test_silent_tls_server_exceeds_the_deadline(canary: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(Unreachable, match=CUT):
        send("GET", f"https://127.0.0.1:{listener.getsockname()[1]}/", total_seconds=SECONDS)


def test_slow_resolver_exceeds_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [done.wait(10)][:0])
    with pytest.raises(Unreachable, match=CUT):
        send("GET", "http://hooks.example/", total_seconds=SECONDS)
    done.set()


@allowed
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nhello",
        endless(b"HTTP/1.1 200 OK\r\nX: "),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 8000 + b"\r\n") * 9 + b"\r\n",
        # Python takes quadratic time for this header.
        b'HTTP/1.1 200 OK\r\nContent-Type: multipart/x; boundary="' + b";" * 9000 + b"\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Type: multipart/x; boundary="'
        + (b"\r\n " + b";" * 200) * 50
        + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 4000 + OK,
    ],
    ids=[
        *("nothing", "ssh", "short", "chunk", "lengths", "endless_header", "many_headers", "large_head"),
        *("long_header", "folded_header", "continues"),
    ],
)
def test_malformed_response_is_an_error(canary: Start, answer: Any) -> None:
    with pytest.raises(Unreachable):
        send("GET", canary(answer).url, total_seconds=5)


@allowed
def test_long_headers_of_usual_servers_are_read(canary: Start) -> None:
    policy = b"default-src " + b"https://cdn.example " * 400
    head = b"HTTP/1.1 200 OK\r\nContent-Security-Policy: " + policy + b"\r\nX-Folded: a\r\n b\r\n"
    answer = send("GET", canary(head + b"Content-Length: 5\r\n\r\nhello").url, total_seconds=5)
    assert (answer.body, len(answer.headers["Content-Security-Policy"])) == (b"hello", len(policy))


@allowed
def test_connection_of_a_malformed_response_is_closed_at_once(canary: Start) -> None:
    received: Queue[bytes] = Queue()

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n")
        received.put(connection.recv(1))

    # `error` keeps the traceback, and with it the response, so that no garbage collection closes the socket.
    with pytest.raises(Unreachable, match=EARLY) as error:
        send("GET", canary(answer).url, total_seconds=120)
    assert received.get(timeout=30) == b""
    del error


@allowed
def test_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="refused the connection"):
        send("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "a"}, {"transfer-encoding": "chunked"}, {"X": "a\r\nY: b"}, {"X Y": "a"}, {"X": "\u00fc"}, {"": ""}],
)
def test_headers_that_would_change_the_request_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refused):
        send("GET", "http://8.8.4.4/", headers=headers)


def test_invalid_method_is_refused() -> None:
    with pytest.raises(Refused):
        send("GET / HTTP/1.1\r\nX:", "http://8.8.4.4/")


@allowed
def test_large_body_is_read_in_chunks(canary: Start) -> None:
    body = b"0123456789" * 100_000
    server = canary(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    with fetch(server.url, total_seconds=120, chunk_bytes=65536) as download:
        assert (download.status, download.url, download.headers["content-length"]) == (200, f"{server.url}/", "1000000")
        pieces = list(download.chunks())
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) == 65536


@allowed
@pytest.mark.parametrize(
    ("answer", "seconds", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 120, EARLY),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 120, EARLY),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", 120, EARLY),
        # Read as "all that follows", this size would fill the memory until the time is over.
        (drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"), 1, EARLY),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x"), 1, CUT),
        (endless(b"HTTP/1.1 200 OK\r\n\r\n"), 1, CUT),
    ],
    ids=["short", "chunk", "negative", "all", "slow", "endless"],
)
def test_incomplete_body_is_an_error(canary: Start, answer: Any, seconds: float, reason: str) -> None:
    with fetch(canary(answer).url, total_seconds=seconds) as download, pytest.raises(Unreachable, match=reason):
        for _ in download.chunks():
            pass


@allowed
def test_errors_inside_the_fetch_block_are_not_translated(canary: Start) -> None:
    with pytest.raises(OSError, match="disk full"), fetch(canary().url, total_seconds=120):
        raise OSError("disk full")


@allowed
def test_logs_contain_no_secrets(canary: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = canary(b"HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 5\r\n\r\nhello")
    send("POST", f"{server.url}/secret-token", total_seconds=120)
    with pytest.raises(Unreachable) as error:
        send("POST", f"{canary(b'').url}/secret-token", total_seconds=120)
    assert "secret" not in error.value.reason
    assert not [record for record in caplog.records if record.name.startswith("urllib3")]


@allowed
def test_concurrent_requests_are_all_answered(canary: Start) -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(OK)

    server = canary(echo)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: send("POST", f"{server.url}/{number}", body=b"x"), range(100)))
    assert {answer.body for answer in answers} == {b"hello"}
    assert server.accepts == 100


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """Return the TLS context of a server for hooks.example. Only this test trusts its certificate authority."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command")
    extensions = ("subjectAltName=DNS:hooks.example", "basicConstraints=CA:FALSE", "authorityKeyIdentifier=keyid")
    (tmp_path / "leaf.ext").write_text("\n".join(extensions))
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for command in (
        # Python 3.13 trusts only authorities that say what their keys are for.
        f"req -x509 {key} -subj /CN=Authority -addext keyUsage=critical,keyCertSign -days 2 -keyout ca.key -out ca.pem",
        f"req {key} -subj /CN=hooks.example -keyout leaf.key -out leaf.csr",
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf.ext -out leaf.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    connections._tls_context.cache_clear()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "leaf.pem", tmp_path / "leaf.key")
    yield server
    connections._tls_context.cache_clear()


@allowed
def test_certificate_must_match_the_host_name(canary: Start, lookups: Lookups, certificates: ssl.SSLContext) -> None:
    names: list[str] = []
    certificates.sni_callback = lambda connection, name, context: names.append(name)
    server = canary(tls=certificates)
    asked = lookups({name: [["127.0.0.1"]] for name in ("hooks.example", "other.example")})
    answer = send("POST", f"https://Hooks.example.:{server.port}/", body=b"{}")
    assert (answer.status, answer.body, names, asked) == (200, b"hello", ["hooks.example"], ["hooks.example"])
    for host in ("other.example", "127.0.0.1"):
        with pytest.raises(Unreachable, match="certificate of the server is not trusted"):
            send("POST", f"https://{host}:{server.port}/", body=b"{}")
    assert len(server.requests) == 1
    assert connections._tls_context().check_hostname


@allowed
def test_unknown_certificate_authority_is_rejected(
    canary: Start, lookups: Lookups, certificates: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    server = canary(tls=certificates)
    lookups({"hooks.example": [["127.0.0.1"]]})
    with pytest.raises(Unreachable, match="certificate of the server is not trusted"):
        send("POST", f"https://hooks.example:{server.port}/")
    assert server.requests == []


@allowed
def test_redirect_from_https_to_http_is_refused(canary: Start, lookups: Lookups, certificates: ssl.SSLContext) -> None:
    plain = canary()
    server = canary(redirect(302, f"http://hooks.example:{plain.port}/"), tls=certificates)
    lookups({"hooks.example": [["127.0.0.1"]]})
    with pytest.raises(Refused, match="from https to http"):
        send("GET", f"https://hooks.example:{server.port}/", follow_redirects=3)
    assert plain.accepts == 0


@allowed
def test_slow_tls_server_exceeds_the_deadline(canary: Start, lookups: Lookups, certificates: ssl.SSLContext) -> None:
    server = canary(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x"), tls=certificates)
    lookups({"hooks.example": [["127.0.0.1"]]})
    with pytest.raises(Unreachable, match=CUT):
        send("GET", f"https://hooks.example:{server.port}/", total_seconds=SECONDS)


def test_bytes_that_come_too_slowly_end_the_request() -> None:
    deadline = Deadline(3600, min_bytes_per_second=1000)
    deadline.note_read(29_001, 29)
    deadline.note_read(1000, 1)  # as fast as it has to be
    deadline.note_read(10**9, 1)
    deadline.note_read(0, 28)
    deadline.note_read(1, 2)  # a burst counts for its own RATE_SECONDS
    with pytest.raises(TimeoutError):
        deadline.note_read(29_999, 30)
