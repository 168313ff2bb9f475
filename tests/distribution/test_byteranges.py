"""Several ranges of a file in one response, as electron-updater and zsync ask for them."""

from __future__ import annotations

import tracemalloc
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest
from django.test import Client

from files.models import Blob, DownloadGrant, File
from releasehub.core.requests import HAS_SPOOL_ROOM
from releasehub.distribution import blob_responses
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.links import file_path
from tests.factories import make_download, make_file, make_key, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
BYTES = bytes(range(256)) * 4
LARGE_BYTES = 200 * 1000 * 1000
MAX_MEMORY_BYTES = 4 * 1024 * 1024  # less than half of the 10 MB that the answer has


@pytest.fixture
def file(local_storage: Any) -> File:
    return make_file(content=BYTES)


def fetch(file: File, ranges: str, **headers: str) -> tuple[Any, bytes]:
    answer: Any = Client().get(file_path(file), headers={"Range": ranges, **headers})
    return answer, b"".join(answer)


def parts_of(answer: Any, body: bytes) -> list[Message]:
    head = f"Content-Type: {answer['Content-Type']}\r\n\r\n".encode()
    parts: Any = BytesParser(policy=HTTP).parsebytes(head + body).get_payload()
    return list(parts)


def test_every_range_is_a_part(file: File) -> None:
    answer, body = fetch(file, "bytes=500-509, 0-1, -3")
    parts = parts_of(answer, body)
    assert (answer.status_code, int(answer["Content-Length"])) == (206, len(body))
    assert [(part["Content-Range"], part.get_payload(decode=True)) for part in parts] == [
        ("bytes 500-509/1024", BYTES[500:510]),
        ("bytes 0-1/1024", BYTES[:2]),
        ("bytes 1021-1023/1024", BYTES[-3:]),
    ]
    assert {part["Content-Type"] for part in parts} == {file.blob.mime_type if file.blob else ""}
    # zsync reads a line before every boundary, and needs the name of the boundary without quotes.
    assert body.startswith(b"\r\n--" + answer["Content-Type"].partition("boundary=")[2].encode() + b"\r\n")
    assert "Content-Range" not in answer


def test_head_describes_the_whole_file(file: File) -> None:
    for ranges in ("bytes=0-1", "bytes=0-1,5-6", "bytes=9999-"):
        answer = Client().head(file_path(file), headers={"Range": ranges})
        assert (answer.status_code, answer["Content-Length"]) == (200, "1024")


@pytest.mark.parametrize(("tag", "status"), [('"{}"', 206), ('W/"{}"', 200), ('"other"', 200)])
def test_if_range_needs_the_same_strong_tag(file: File, tag: str, status: int) -> None:
    assert file.blob
    answer, body = fetch(file, "bytes=0-1,5-6", **{"If-Range": tag.format(file.blob.sha256)})
    assert (answer.status_code, body == BYTES) == (status, status == 200)


def test_many_bytes_in_several_ranges_are_answered_with_the_file(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_responses, "MAX_MULTIPART_BYTES", 100)
    assert fetch(file, "bytes=0-49,100-149")[0].status_code == 206
    answer, body = fetch(file, "bytes=0-49,100-150")
    assert (answer.status_code, body) == (200, BYTES)


def test_a_thousand_ranges_of_a_large_file_take_little_memory(file: File, local_storage: Any) -> None:
    assert file.blob
    fetch(file, "bytes=0-1,5-6")  # what the first request of a process loads does not count
    with local_storage._path(file.blob.storage_key).open("r+b") as handle:
        handle.truncate(LARGE_BYTES)  # without using space on the disk
    Blob.objects.update(size_bytes=LARGE_BYTES)
    File.objects.update(size_bytes=LARGE_BYTES)
    step = LARGE_BYTES // 1000
    ranges = ",".join(f"{start}-{start + 9999}" for start in range(0, LARGE_BYTES, step))
    tracemalloc.start()
    answer: Any = Client().get(file_path(file), headers={"Range": f"bytes={ranges}"})
    sent = boundaries = 0
    for chunk in answer:
        sent += len(chunk)
        boundaries += chunk.count(b"Content-Range: bytes ")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (answer.status_code, boundaries, sent) == (206, 1000, int(answer["Content-Length"]))
    assert sent > 1000 * 10_000
    assert peak < MAX_MEMORY_BYTES


def test_file_is_sent_if_the_server_has_no_room_for_a_copy(file: File) -> None:
    asked: list[int] = []
    extra: Any = {HAS_SPOOL_ROOM: asked.append}
    answer: Any = Client().get(file_path(file), headers={"Range": "bytes=0-1,5-6"}, **extra)
    assert (answer.status_code, b"".join(answer), asked) == (200, BYTES, [4])


def test_stored_file_is_closed_when_the_client_leaves_before_the_first_byte(
    file: File, local_storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles: list[Any] = []
    opened = type(local_storage).open

    def open_and_note(*args: Any) -> Any:
        handles.append(opened(*args))
        return handles[-1]

    monkeypatch.setattr(type(local_storage), "open", open_and_note)
    Client().get(file_path(file), headers={"Range": "bytes=0-1,5-6"}).close()
    assert [handle.closed for handle in handles] == [True]


def test_several_ranges_are_one_download(file: File) -> None:
    fetch(file, "bytes=100-149,200-249")
    assert DownloadGrant.objects.count() == 1


def test_access_key_pays_for_all_ranges(local_storage: Any) -> None:
    file = make_file(make_version(make_download(visibility="private"), "1.0"), content=BYTES)
    key, secret = issue_access_key(actor=system(), download=file.version.download, name="A customer", uses=2)
    statuses = []
    for _ in range(4):  # each request fetches 768 of 1,024 bytes, and one use pays for three times the file
        answer: Any = Client().get(file_path(file), {"key": secret}, headers={"Range": "bytes=0-511,768-"})
        statuses.append((answer.status_code, len(b"".join(answer)) > 768))
        key.refresh_from_db()
    assert (statuses, key.uses_left) == ([(206, True)] * 4, 1)
    Client().get(file_path(file), {"key": secret}, headers={"Range": "bytes=0-511,768-"}).getvalue()  # type: ignore[attr-defined]
    key.refresh_from_db()
    assert key.uses_left == 0


def test_proxies_may_not_change_bytes(file: File) -> None:
    anonymous = fetch(file, "bytes=0-1,5-6")[0]
    key = make_key(file.version.download.owner)
    with_key = fetch(file, "", Authorization=f"Bearer {key}")[0]
    assert (anonymous["Cache-Control"], with_key["Cache-Control"]) == (
        "no-cache, no-transform",
        "private, no-store, no-transform",
    )


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"{}"', 200), ('W/"{}"', 200), ('"a", W/"{}"', 200), ('"W/{}"', 412), ('W/"other"', 412)],
)
def test_if_match_ignores_the_mark_of_a_proxy(file: File, if_match: str, status: int) -> None:
    assert file.blob
    assert fetch(file, "", **{"If-Match": if_match.format(file.blob.sha256)})[0].status_code == status
