"""File names as clients send them in multipart forms, and several files in one form."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.models import File
from releasehub.api.common.part_headers import MAX_HEADER_BYTES, Utf8Headers
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def version() -> Version:
    return make_version(make_download())


def form(*dispositions: bytes, version_id: int = 0) -> bytes:
    """Return a form with `version_id` and one part for each value of a Content-Disposition header."""
    field = b'--BB\r\nContent-Disposition: form-data; name="version_id"\r\n\r\n%d\r\n' % version_id
    parts = [b"--BB\r\nContent-Disposition: form-data; %s\r\n\r\n\xe9\xff\x00\r\n" % value for value in dispositions]
    return b"".join([field, *parts, b"--BB--\r\n"])


def send(version: Version, *dispositions: bytes) -> Any:
    client = ApiClient(make_key(version.download.owner))
    body = form(*dispositions, version_id=version.pk)
    return client.generic("POST", "/api/mc-dm-files/", body, content_type="multipart/form-data; boundary=BB")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'name="file"; filename="J\xe4ger.bin"', "J\u00e4ger.bin"),
        (b'name="file"; filename="Preis 5 \x80.bin"', "Preis 5 \u20ac.bin"),
        (b"name=\"file\"; filename*=iso-8859-1''J%E4ger.bin", "J\u00e4ger.bin"),
        (b'name="file"; filename="J\xe4ger.bin"; filename*=UTF-8\'\'%E2%82%AC.bin', "\u20ac.bin"),
        (b'name="file"; filename="=?UTF-8?B?SsOkZ2VyLmJpbg==?="', "J\u00e4ger.bin"),
        (b'name="file"; filename="=?iso-8859-1?Q?J=E4ger=2Ebin?="', "J\u00e4ger.bin"),
        ('name="file"; filename="J\u00e4ger\u2009\u65e5\u672c.bin"'.encode(), "J\u00e4ger\u2009\u65e5\u672c.bin"),
    ],
)
def test_name_is_decoded(version: Version, disposition: bytes, name: str) -> None:
    answer = send(version, disposition)
    assert (answer.status_code, answer.json()["file"]["filename"]) == (200, name)
    file = File.objects.select_related("blob").get()
    assert (file.filename, file.size_bytes) == (name, 3)


@pytest.mark.parametrize(
    "value",
    [
        b"=?UTF-8?B?Li4vZXZpbC5iaW4=?=",
        b"=?no-such-charset?Q?a?=",
        b"=?undefined?Q?a?=",
        b"=?UTF-8?B?/w==?=",
        b"a\xe9?.bin",
    ],
)
def test_decoded_name_is_checked(version: Version, value: bytes) -> None:
    answer = send(version, b'name="file"; filename="%s"' % value)
    assert (answer.status_code, File.objects.count()) == (400, 0)


@pytest.mark.parametrize("name", ["log-10%3a30%20x.bin", "Logo\u2009v1\u00a0b.bin"])
def test_unusual_name_can_be_fetched_through_its_permanent_link(version: Version, name: str) -> None:
    assert send(version, f'name="file"; filename="{name}"'.encode()).json()["file"]["filename"] == name
    move(Move.PUBLISH, actor=system(), version=version)
    link = f"/d/{version.download.slug}/{version.number}/{quote(name)}"
    answer = ApiClient().get(link)
    assert (answer.status_code, answer.getvalue()) == (200, b"\xe9\xff\x00")
    assert f"filename*=UTF-8''{quote(name, safe='')}" in answer["Content-Disposition"]
    page = ApiClient().get(f"/downloads/{version.download.slug}.{version.download_id}/").content.decode()
    assert link in page


def test_several_files_in_one_form_are_refused_together(version: Version) -> None:
    answer = send(version, b'name="file"; filename="a.bin"', b'name="file"; filename="b.bin"')
    assert answer.status_code == 400
    assert "several files, so none of them was stored" in answer.content.decode()
    client = ApiClient(make_key(version.download.owner))
    body = form(b'name="file"; filename="a.bin"', b'name="file"; filename="b.bin"')
    path = f"/v3/{version.public_id}/a.bin"
    answer = client.generic("PUT", path, body, content_type="multipart/form-data; boundary=BB")
    assert answer.status_code == 400
    assert "several files, so none of them was stored" in answer.content.decode()
    assert not File.objects.exists()


def converted(body: bytes, sizes: list[int]) -> bytes:
    """Return what the stream gives if it is asked for these numbers of bytes, again and again."""
    source, ready = io.BytesIO(body), b""
    stream, turn = Utf8Headers(source.read, b"BB"), 0
    while chunk := stream.read(sizes[turn % len(sizes)]):
        ready, turn = ready + chunk, turn + 1
    return ready


@given(
    st.lists(
        st.sampled_from([b"--BB", b"\r\n\r\n", b"\r", b"\n", b"-", b"B", b"\xe4", b"\x81", b"x" * 70, b"\xc3\xa4"])
    ),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_result_does_not_depend_on_how_the_bytes_arrive(pieces: list[bytes], sizes: list[int]) -> None:
    body = b"".join(pieces)
    whole = converted(body, [1 << 20])
    assert converted(body, sizes) == whole
    if b"--BB" not in body:
        assert whole == body


def test_only_headers_are_converted() -> None:
    assert converted(b"\xe4--BB\r\nA: \xe4\r\n\r\n\xe4\r\n--BB--\xe4", [7]) == (
        b"\xe4--BB\r\nA: \xc3\xa4\r\n\r\n\xe4\r\n--BB--\xe4"
    )


def test_endless_header_is_passed_on_unchanged() -> None:
    body = b"--BB" + b"\xe4" * (3 * MAX_HEADER_BYTES)
    assert converted(body, [1024]) == body
