"""The nginx configuration of the documentation, in front of a real hub: nginx moves the bytes."""

from __future__ import annotations

import hashlib
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hubs import Hub, start
from tests.nginx import BEHIND_NGINX, NGINX, nginx_in_front

pytestmark = [pytest.mark.skipif(NGINX is None, reason="nginx is not installed."), pytest.mark.embedded]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"), **BEHIND_NGINX)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def front(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx."""
    with nginx_in_front(hub, tmp_path_factory.mktemp("nginx")) as url:
        yield url


def get(url: str, **headers: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=180) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def link(hub: Hub, front: str) -> str:
    page = hub.get("/api/mc-dm-downloads/?slug=packsmith&with=full")["downloads"][0]
    version = page["CurrentVersion"]["version_id"]
    file = hub.get(f"/api/mc-dm-files/?version_id={version}")["files"][0]
    return f"{front}/d/packsmith/{page['CurrentVersion']['version_string']}/{file['filename']}"


def test_bytes_and_headers_are_those_of_the_hub(link: str) -> None:
    status, headers, body = get(link)
    digest = hashlib.sha256(body).hexdigest()
    assert (status, headers["X-Checksum-SHA256"], headers["ETag"]) == (200, digest, f'"{digest}"')
    assert headers["Server"].startswith("nginx")
    assert "X-Accel-Redirect" not in headers
    assert headers["Content-Disposition"].startswith("attachment")
    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Repr-Digest", "Content-Type"):
        assert headers[name], name


def test_ranges_are_answered(link: str) -> None:
    whole = get(link)[2]
    status, headers, body = get(link, Range="bytes=5-14")
    assert (status, body, headers["Content-Range"]) == (206, whole[5:15], f"bytes 5-14/{len(whole)}")
    # electron-updater sends up to 1,000 ranges, which is more than nginx accepts in a header by default.
    ranges = ",".ljust(64).join(f"{start}-{start}" for start in range(0, len(whole), 2))
    status, headers, body = get(link, **{"Range": f"bytes={ranges}", "If-Range": headers["ETag"]})
    assert (status, headers["Cache-Control"]) == (206, "no-cache, no-transform")
    assert headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert body.count(b"Content-Range: ") == (len(whole) + 1) // 2 > 128


def test_quotes_in_a_query_are_encoded(hub: Hub, front: str) -> None:
    """urllib encodes them, so the request is written by hand. Without nginx, the server of the hub refuses it."""
    ids = [version["id"] for version in hub.get("/version")[:2]]
    unknown = ["a" * 24] * 9
    for listed, port in ((ids, front.rpartition(":")[2]), (ids + unknown, front.rpartition(":")[2]), (ids, hub.port)):
        text = ",".join(f'"{public_id}"' for public_id in listed)
        with socket.create_connection(("127.0.0.1", int(port)), timeout=180) as connection:
            request = f"GET /versions?ids=[{text}] HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            answer = connection.makefile("rb").read()
        if port == hub.port:
            assert answer.startswith(b"HTTP/1.1 400 ")
        else:
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert [public_id for public_id in ids if public_id.encode() in answer] == ids


def test_stored_files_have_no_direct_url(front: str, hub: Hub) -> None:
    stored = hub.stored_files()[0].relative_to(hub.data / "files")
    assert get(f"{front}/stored-files/{stored}")[0] == 404


def test_private_download_stays_private(front: str, hub: Hub) -> None:
    assert get(f"{front}/d/release-handbook-templates/1.0/x.zip")[0] == 404
