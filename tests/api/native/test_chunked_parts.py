"""Parts of uploads in chunks, without Content-Length: the storage counts the bytes while they arrive."""

from __future__ import annotations

from io import BytesIO, RawIOBase
from typing import Any

import pytest
from django.test import Client

from files.storage import LocalStorage, blob_storage
from files.storage.signing import SignedPart, sign_path
from files.uploads.open_ended import open_open_ended
from files.uploads.sessions import begin_upload, open_incoming
from releasehub.core.requests import IS_CHUNKED, MAX_CHUNKED_BYTES
from tests.factories import make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
BYTES = b"0123456789"


class Cut(RawIOBase):
    """A body whose last chunk never arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.left = [b"0123"]

    def read(self, size: int = -1) -> bytes:
        if not self.left:
            raise TimeoutError
        return self.left.pop()


def begin(*, is_open_ended: bool = False) -> str:
    """Announce ten bytes, or at most ten, and return the path for them."""
    incoming = open_incoming(size_bytes=len(BYTES), part_bytes=None)
    if is_open_ended:
        incoming = open_open_ended(limit_bytes=len(BYTES))
    upload = begin_upload(actor=system(), version=make_version(state="draft"), filename="a.bin", incoming=incoming)
    return sign_path(SignedPart(upload.storage_key, 1, len(BYTES), "", "", is_open_ended), 60)


def put(path: str, body: Any) -> Any:
    extra = {"CONTENT_LENGTH": str(MAX_CHUNKED_BYTES), IS_CHUNKED: True, "wsgi.input": body}
    return Client().generic("PUT", path, b"", "application/octet-stream", **extra)


def stored() -> list[bytes]:
    storage = blob_storage()
    assert isinstance(storage, LocalStorage)
    return [path.read_bytes() for path in storage.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("size", "is_open_ended", "problem"),
    [
        (10, False, ""),
        (9, False, "ended 1 bytes early"),
        (11, False, "more than 10 bytes"),
        (1_000_000, False, "more than 10 bytes"),
        (4, True, ""),
        (10, True, ""),
        (11, True, "more than 10 bytes"),
    ],
)
def test_body_of_another_size_than_announced_is_refused(
    local_storage: Any, size: int, is_open_ended: bool, problem: str
) -> None:
    path, stream = begin(is_open_ended=is_open_ended), BytesIO(b"x" * size)
    answer = put(path, stream)
    if problem:
        assert (answer.status_code, stored()) == (400, [])
        assert problem in answer.json()["errors"][0]["message"]
    else:
        assert (answer.status_code, stored()) == (200, [b"x" * size])
    assert stream.tell() <= len(BYTES) + 1  # what exceeds the limit is not even read


@pytest.mark.parametrize("is_open_ended", [False, True])
def test_a_cut_body_is_not_stored(local_storage: Any, is_open_ended: bool) -> None:
    answer = put(begin(is_open_ended=is_open_ended), Cut())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "incomplete")
    assert stored() == []
