"""Signed URLs of the storage end when a file is quarantined."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from files.models import Blob, File
from files.quarantine import quarantine_file
from files.quarantine_moves import move_quarantined
from files.storage import blob_storage
from tests.factories import make_file, system

pytestmark = pytest.mark.django_db


def signed_url(file: File) -> str | None:
    key = Blob.objects.get(files=file).storage_key
    return blob_storage().signed_url(key, filename="t.bin", content_type="application/octet-stream", seconds=60)


def status_of(url: str) -> int:
    try:
        with urlopen(url) as answer:
            return int(answer.status)
    except HTTPError as refusal:
        return refusal.code


def test_urls_that_were_handed_out_end_and_the_bytes_stay() -> None:
    """The local storage signs no URLs, so nothing has to move there."""
    file = make_file(content=b"harmful")
    url = signed_url(file)
    assert url is None or status_of(url) == 200
    quarantine_file(actor=system(), file=file, reason="Harmful.")
    assert move_quarantined() == int(url is not None)
    assert url is None or status_of(url) == 404
    with blob_storage().open(Blob.objects.get(files=file).storage_key) as stored:
        assert stored.read() == b"harmful"
