"""Pictures are served by the hub itself, to everybody who may see the download."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from downloads.models import Download
from downloads.services import update_download
from files.models import Blob
from releasehub.distribution.preview_links import issue_preview_link
from releasehub.publishing.deletion import delete_download
from tests.factories import make_avatar, make_download, make_picture, make_user, make_version, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def path() -> str:
    return make_picture(make_download(slug="tool")).sizes.get().path


def body(answer: Any) -> bytes:
    return answer.getvalue() if answer.streaming else answer.content


def test_public_picture_is_cached_forever_and_sniffed_by_nobody(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable, no-transform"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "Cookie" not in answer.get("Vary", "")
    assert Image.open(BytesIO(body(answer))).size == (320, 200)
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    client.force_login(make_user())
    assert client.get(path)["Cache-Control"] == answer["Cache-Control"]


def test_private_picture_needs_the_right_each_time(client: Client, path: str) -> None:
    download = Blob.objects.get().picture_sizes.get().picture.download
    update_download(actor=system(), download=download, visibility="private")
    assert client.get(path).status_code == 404
    client.force_login(download.owner)
    answer = client.get(path)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store, no-transform")
    client.force_login(make_user())
    assert client.get(path).status_code == 404


def test_picture_of_a_deleted_download_and_other_digests_are_not_found(client: Client, path: str) -> None:
    assert client.get(path.replace(path[-21:-5], "0" * 16)).status_code == 404
    delete_download(actor=system(), download=Blob.objects.get().picture_sizes.get().picture.download)
    assert client.get(path).status_code == 404


def other_digests(path: str) -> list[str]:
    """Return the path with a shorter and a longer digest, and with capital letters."""
    start, digest = path[:-21], path[-21:-5]
    sha256 = Blob.objects.get(sha256__startswith=digest).sha256
    return [f"{start}{other}.webp" for other in (digest[:1], digest[:15], sha256[:17], sha256, digest.upper())]


def test_only_the_path_with_the_whole_digest_is_found(client: Client, path: str) -> None:
    """A shorter one could lead to another picture later, although caches store it forever."""
    avatar = make_avatar(make_user()).path
    link = make_preview(path)
    for found in (path, avatar, link):
        assert client.get(found).status_code == 200
        for other in other_digests(found):
            assert client.get(other).status_code == 404, other


def make_preview(path: str) -> str:
    """Return the path under which a preview link shows the picture."""
    version = make_version(Download.objects.get(slug="tool"), state="draft")
    _, secret = issue_preview_link(actor=system(), version=version, name="Testers")
    return f"/preview/{secret}{path}"


def test_front_server_sends_the_bytes_of_a_local_storage(
    client: Client, path: str, settings: Any, local_storage: Any
) -> None:
    settings.ACCEL_REDIRECT = "/stored-files"
    answer = client.get(path)
    assert answer["X-Accel-Redirect"] == f"/stored-files/{Blob.objects.get().storage_key}"
    assert (answer["Content-Type"], body(answer)) == ("image/webp", b"")


def test_missing_bytes_are_an_error_of_the_storage(client: Client, path: str) -> None:
    Blob.objects.update(state=Blob.State.MISSING)
    assert client.get(path).status_code == 503
