"""Pictures in the native API, and the URLs of pictures in other dialects."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from downloads.services import update_download
from files.models import Blob, Picture
from tests.api.described import check
from tests.conftest import ApiClient
from tests.factories import image_bytes, make_download, make_key, make_picture, make_user, system

pytestmark = pytest.mark.django_db
LIST, ITEM = "/api/downloads/{download_id}/pictures", "/api/pictures/{public_id}/"


@pytest.fixture
def download() -> Any:
    return make_download()


@pytest.fixture
def client(download: Any) -> ApiClient:
    return ApiClient(make_key(download.owner))


def add(client: ApiClient, download: Any, content: bytes | None = None, **fields: str) -> Any:
    file = SimpleUploadedFile("shot.png", image_bytes() if content is None else content)
    return client.post(f"/api/downloads/{download.pk}/pictures", {"kind": "screenshot", **fields, "file": file})


def test_picture_is_added_listed_changed_and_removed(client: ApiClient, download: Any) -> None:
    answer = add(client, download, alt_text="A table")
    assert answer.status_code == 201
    check(LIST, "post", answer)
    picture = answer.json()["picture"]
    assert (picture["kind"], picture["alt_text"], picture["width"], picture["height"]) == (
        "screenshot",
        "A table",
        320,
        200,
    )
    assert ApiClient().get(picture["sizes"][0]["url"].removeprefix("http://testserver"))["Content-Type"] == "image/webp"
    path = f"/api/pictures/{picture['id']}/"
    changed = client.send("patch", path, {"caption": "Builds"})
    check(ITEM, "patch", changed)
    assert client.get(path).json()["picture"]["caption"] == "Builds"
    listed = ApiClient().get(f"/api/downloads/{download.pk}/pictures")
    check(LIST, "get", listed)
    assert [row["id"] for row in listed.json()["pictures"]] == [picture["id"]]
    assert client.delete(path).status_code == 200
    assert not Picture.objects.exists()


def test_screenshots_are_put_into_an_order(client: ApiClient, download: Any) -> None:
    first, second = (make_picture(download).public_id for _ in range(2))
    path = f"/api/downloads/{download.pk}/pictures/order"
    answer = client.send("put", path, {"pictures": [second, first]})
    assert [row["id"] for row in answer.json()["pictures"]] == [second, first]
    assert client.send("put", path, {"pictures": [first]}).status_code == 400


def test_refused_picture_leaves_nothing_behind(client: ApiClient, download: Any) -> None:
    answer = add(client, download, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "mc_dm_api_error.picture_refused")
    assert "SVG pictures are not accepted" in answer.json()["errors"][0]["message"]
    assert not Blob.objects.exists()


@pytest.mark.parametrize(("visibility", "status"), [("public", 403), ("private", 404)])
def test_strangers_add_nothing(download: Any, visibility: str, status: int) -> None:
    update_download(actor=system(), download=download, visibility=visibility)
    stranger = ApiClient(make_key(make_user()))
    assert add(stranger, download).status_code == status
    assert ApiClient().get(f"/api/downloads/{download.pk}/pictures").status_code == (
        200 if visibility == "public" else 404
    )


def test_mc_dm_names_the_stored_picture_and_else_the_url_of_the_author(client: ApiClient, download: Any) -> None:
    update_download(actor=system(), download=download, icon_url="https://other.example/i.png", cover_url="")
    path = f"/api/mc-dm-downloads/{download.pk}/"
    assert client.get(path).json()["download"]["icon_url"] == "https://other.example/i.png"
    make_picture(download, "icon")
    download.refresh_from_db()
    shown = client.get(path).json()["download"]
    assert shown["icon_url"] == f"http://testserver{download.picture_path('icon')}"
    assert shown["cover_url"] is None
