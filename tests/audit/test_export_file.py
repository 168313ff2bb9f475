"""Tests that a large export of the audit log uses a private temporary file, which is always deleted."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from releasehub.audit import tasks
from releasehub.server import spool
from releasehub.server.spool import send_spooled
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ROWS = 20


class Proto:
    """A fake of the object through which Granian sends a response. Like Granian, it opens the file by its path."""

    def __init__(self) -> None:
        self.body = b""
        self.mode = 0
        self.names: list[str] = []

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.body = body

    def response_file(self, status: int, headers: Any, path: str) -> None:
        self.names = [entry.name for entry in Path(tempfile.gettempdir()).iterdir()]
        self.mode = stat.S_IMODE(os.stat(path).st_mode)
        self.body = Path(path).read_bytes()


class Broken(Proto):
    def response_file(self, status: int, headers: Any, path: str) -> None:
        raise ConnectionError("the client has gone")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Use an empty temporary folder, no umask (it could hide a wrong mode) and a limit that every export exceeds."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(spool, "MEMORY_BYTES", 100)
    before = os.umask(0)
    yield tmp_path
    os.umask(before)


@pytest.fixture(params=["without a name", "with a name"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test as on Linux, and as on a system without /proc."""
    if request.param == "with a name":
        monkeypatch.setattr(spool, "DESCRIPTORS", Path("/does/not/exist"))
    elif not spool.DESCRIPTORS.exists():
        pytest.skip("this system has no /proc")
    return str(request.param)


@pytest.fixture(params=["csv", "jsonl"])
def export(request: pytest.FixtureRequest, make_rows: Any) -> Iterator[bytes]:
    make_rows(ROWS)
    tasks.chain()
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    answer: Any = client.get(reverse("admin:audit_auditentry_export", args=[request.param]))
    assert answer.status_code == 200
    yield answer.streaming_content
    # A half-read export has an open server-side cursor. Left to the garbage collector, it is closed in the transaction
    # of a later test, which PostgreSQL then aborts.
    answer.close()


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def test_temporary_file_is_private_and_deleted_on_close(system: str, folder: Path, export: Iterator[bytes]) -> None:
    proto = Proto()
    kept = send_spooled(proto, 200, [], export)
    assert proto.body.count(b"\n") >= ROWS
    assert proto.mode == 0o600
    assert len(proto.names) == (system == "with a name")
    kept.close()
    assert left(folder) == []


def test_temporary_file_is_deleted_if_reading_rows_fails(system: str, folder: Path, export: Iterator[bytes]) -> None:
    def failing() -> Iterator[bytes]:
        for _ in range(ROWS // 2):
            yield next(export)
        raise OSError("the database has gone")

    with pytest.raises(OSError, match="the database has gone") as caught:
        send_spooled(Proto(), 200, [], failing())
    assert caught.value
    assert left(folder) == []


def test_temporary_file_is_deleted_if_the_response_cannot_be_sent(
    system: str, folder: Path, export: Iterator[bytes]
) -> None:
    with pytest.raises(ConnectionError) as caught:
        send_spooled(Broken(), 200, [], export)
    assert caught.value
    assert left(folder) == []


def test_small_export_uses_no_file(system: str, folder: Path) -> None:
    proto = Proto()
    assert send_spooled(proto, 200, [], [b"few", b" rows"]) is None
    assert proto.body == b"few rows"
    assert left(folder) == []
