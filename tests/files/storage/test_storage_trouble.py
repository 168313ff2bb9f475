"""A storage that is down, slow, broken or full: a clear error in time, and nothing half done."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import Any

import pytest
from django.test import Client

from files.models import File, UploadSession
from files.storage import Incoming, S3Storage, blob_storage
from files.storage.local_writer import LocalWriter
from releasehub.core.errors import DomainError, StorageFull, StorageUnavailable
from releasehub.settings.storage import s3_client_config
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user, make_version
from tests.serving import Acceptor

pytestmark = pytest.mark.django_db
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfour"
STATUS_LINES = {"broken": "500 Broken", "forbidden": "403 Forbidden", "full": "507 Full", "busy": "503 Slow Down"}


@pytest.fixture(params=["down", "slow", *STATUS_LINES])
def trouble(request: Any, settings: Any) -> Iterator[str]:
    """The S3 client, with timeouts of this test, talks to a server that has this trouble."""
    from botocore.config import Config

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    options = {
        "bucket_name": "releases", "endpoint_url": f"http://127.0.0.1:{port}", "access_key": "a", "secret_key": "b",
        "region_name": "us-east-1",
        "client_config": Config(connect_timeout=0.5, read_timeout=0.5, retries={"total_max_attempts": 2}),
    }  # fmt: skip
    settings.STORAGES = settings.STORAGES | {
        "releases": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    }
    with ExitStack() as stack:
        if request.param == "down":
            listener.close()
        elif request.param == "slow":
            stack.callback(Acceptor(listener, stack.enter_context).close)
        elif request.param in {"cut", "stalled"}:
            opened = stack.enter_context(ExitStack())
            stack.callback(Acceptor(listener, partial(begin_body, opened, is_cut=request.param == "cut")).close)
        else:
            stack.callback(Acceptor(listener, partial(answer, STATUS_LINES[request.param])).close)
        yield request.param


def answer(status_line: str, connected: socket.socket) -> None:
    with connected, suppress(OSError):
        connected.settimeout(2)
        connected.recv(65536)
        connected.sendall(f"HTTP/1.1 {status_line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def begin_body(opened: ExitStack, connected: socket.socket, *, is_cut: bool) -> None:
    opened.enter_context(connected)
    connected.recv(65536)
    connected.sendall(BODY)
    if is_cut:
        opened.close()


INCOMING = Incoming("incoming/aa/x", "upload-id", 10, 5)
CALLS: dict[str, Callable[[S3Storage], Any]] = {
    "size": lambda storage: storage.size("blobs/aa/x"),
    "open": lambda storage: storage.open("blobs/aa/x"),
    "delete": lambda storage: storage.delete("blobs/aa/x"),
    "begin": lambda storage: storage.begin_incoming(size_bytes=10, part_bytes=5),
    "received": lambda storage: storage.received_parts(INCOMING),
    "collect": lambda storage: storage.collect(INCOMING, "blobs/aa/y"),
    "drop": lambda storage: storage.drop_incoming(INCOMING),
    "objects": lambda storage: list(storage.objects("")),
    "multiparts": lambda storage: list(storage.open_multiparts("")),
}


@pytest.mark.parametrize("trouble", ["down"], indirect=True)
@pytest.mark.parametrize("call", CALLS)
def test_every_storage_call_raises_a_domain_error(trouble: str, call: str) -> None:
    with pytest.raises(StorageUnavailable):
        CALLS[call](S3Storage())


def test_every_storage_failure_maps_to_its_error(trouble: str) -> None:
    with pytest.raises(DomainError) as caught:
        S3Storage().size("blobs/aa/x")
    assert isinstance(caught.value, StorageFull if trouble == "full" else StorageUnavailable)


@pytest.mark.parametrize("trouble", ["cut", "stalled"], indirect=True)
def test_body_that_breaks_off_is_a_domain_error(trouble: str) -> None:
    with closing(S3Storage().open("blobs/aa/x")) as body:
        assert body.read(4) == b"four"
        with pytest.raises(StorageUnavailable):
            body.read(4)


def test_rejected_upload_starts_no_session(trouble: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.MIN_PART_BYTES = 1
    owner = make_user()
    version, client = make_version(make_download(owner)), ApiClient(make_key(owner))
    body = {"version_id": version.pk, "filename": "a.bin", "size_bytes": 10, "part_bytes": 5}
    with monkeypatch.context() as patch:
        patch.setattr("files.uploads.sessions.blob_storage", S3Storage)
        refused = client.send("POST", "/api/uploads/", body)
        assert refused.status_code == (507 if trouble == "full" else 503)
        assert refused.json()["errors"][0]["message"]
        assert client.get(f"/api/mc-dm-versions/{version.pk}/").status_code == 200  # reading goes on
    assert UploadSession.objects.count() == 0


def test_s3_timeouts_add_up_to_at_most_36_seconds() -> None:
    config = s3_client_config(addressing_style="auto", signature_version="s3v4")
    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) <= 36


def test_full_disk_rejects_a_part_and_stores_nothing(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    if settings.STORAGE_KIND == "s3":
        pytest.skip("parts go to the store")
    owner = make_user()
    version, client = make_version(make_download(owner)), ApiClient(make_key(owner))
    body = {"version_id": version.pk, "filename": "a.bin", "size_bytes": 10}
    upload = client.send("POST", "/api/uploads/", body).json()["upload"]
    path = upload["urls"][0]["url"].partition("testserver")[2]

    def full(*args: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patch:
        patch.setattr(LocalWriter, "write", full)
        answer = Client().put(path, b"0123456789", content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (507, "mc_dm_api_error.storage_full")
    assert [item.key for item in blob_storage().objects("")] == []
    assert Client().put(path, b"0123456789", content_type="application/octet-stream").status_code == 200
    assert File.objects.count() == 0
