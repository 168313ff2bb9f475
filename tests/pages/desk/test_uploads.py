"""Uploads in parts from the browser."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from files.models import File, UploadSession
from files.uploads.verification import verify_upload
from releasehub.pages.desk.uploads import PART_BYTES
from tests.factories import make_download, make_user, make_version
from tests.sessions import signed_in
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
CONTENT = b"x" * (PART_BYTES + 5)


@pytest.fixture
def version(download: Download) -> Version:
    return make_version(download, "1.0.0", state="draft")


def call(client: Client, url: str, body: Any) -> Any:
    return client.post(url, body, content_type="application/json", headers={"Accept": "application/json"})


def begin(client: Client, version: Version, name: str = "tool-linux.bin", size: int = len(CONTENT)) -> Any:
    url = reverse("pages:desk-upload-begin", args=[version.public_id])
    return call(client, url, {"filename": name, "size_bytes": size})


def send(client: Client, upload: str, number: int) -> None:
    signed = call(client, f"/account/uploads/{upload}/parts/", {"parts": [number]}).json()["urls"][0]
    first = signed["first_byte"]
    part = CONTENT[first : first + signed["size_bytes"]]
    assert client.put(signed["url"], part, headers=signed["headers"]).status_code == 200


def test_upload_goes_on_where_it_stopped_and_ends_with_the_digest(author: Client, version: Version) -> None:
    started = begin(author, version).json()
    assert started["missing"] == [1, 2]
    send(author, started["id"], 2)
    url = f"/account/uploads/{started['id']}/"
    assert author.get(url).json()["missing"] == [1]
    page = author.get(reverse("pages:desk-version", args=[version.public_id])).content.decode()
    assert f'data-id="{started["id"]}"' in page
    assert call(author, f"{url}complete/", {}).status_code == 409
    send(author, started["id"], 1)
    assert call(author, f"{url}complete/", {}).json()["state"] == "uploaded"
    verify_upload(UploadSession.objects.get().pk)
    done = author.get(url).json()
    assert (done["state"], done["sha256"]) == ("confirmed", hashlib.sha256(CONTENT).hexdigest())
    assert File.objects.get().platform == "linux"


def test_small_file_has_one_part(author: Client, version: Version) -> None:
    answer = begin(author, version, size=5)
    assert (answer.status_code, answer.json()["part_count"]) == (201, 1)


def test_aborted_upload_takes_no_more_parts(author: Client, version: Version) -> None:
    upload = begin(author, version).json()["id"]
    assert call(author, f"/account/uploads/{upload}/abort/", {}).json()["state"] == "expired"
    assert call(author, f"/account/uploads/{upload}/parts/", {"parts": [1]}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"filename": "a.bin"}, {"filename": "a.bin", "size_bytes": -1}, [], "x"])
def test_invalid_body_is_refused_with_a_message(author: Client, version: Version, body: Any) -> None:
    answer = call(author, reverse("pages:desk-upload-begin", args=[version.public_id]), body)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("parts", [None, ["1"], [True], [0], [3], list(range(1, 102))])
def test_invalid_part_numbers_are_refused(author: Client, version: Version, parts: Any) -> None:
    upload = begin(author, version).json()["id"]
    assert call(author, f"/account/uploads/{upload}/parts/", {"parts": parts}).status_code == 400


def test_upload_of_another_author_is_not_found(author: Client, version: Version) -> None:
    upload = begin(author, version).json()["id"]
    stranger = signed_in(make_user())
    assert begin(stranger, version).status_code == 404
    assert stranger.get(f"/account/uploads/{upload}/", headers={"Accept": "application/json"}).status_code == 404
    assert call(stranger, f"/account/uploads/{upload}/abort/", {}).status_code == 404
    assert UploadSession.objects.get().state == "created"


def test_sealed_version_takes_no_uploads() -> None:
    download = make_download(make_user("ann"), seal_on_publish=True)
    version = make_version(download, "1.0.0", state="draft", files=1)
    client = signed_in(download.owner)
    client.post(reverse("pages:desk-version-move", args=[version.public_id, "publish"]))
    assert begin(client, version).status_code == 409


def test_routes_for_scripts_refuse_requests_without_the_token(version: Version) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(version.download.owner)
    assert begin(client, version).status_code == 403
    for step in ("parts", "complete", "abort"):
        assert call(client, f"/account/uploads/absent/{step}/", {}).status_code == 403
    assert client.post("/account/preview/", {"text": "x"}).status_code == 403
