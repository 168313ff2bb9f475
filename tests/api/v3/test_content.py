"""Promises C16 and C17: the content of hosted files."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT, encode_multipart

from files.models import Blob, DownloadGrant, File
from files.services import update_file
from files.storage import LocalStorage
from releasehub.apikeys.scopes import Scope
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.counting import aggregate_download_events
from tests.api.v3.shop import Shop, fetch, signed_in
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_file, make_key, make_user, make_version, system

BOUNDARY = "BoUnDaRy"


def test_uploaded_content_is_served(shop: Shop, local_storage: LocalStorage) -> None:
    release = shop.release()
    content = bytes(range(256)) * 4096
    file = shop.upload(release, "tool.bin", content)
    assert file.status_code == 200
    assert fetch(shop.client, file.json()["url"]) == (200, content)
    assert fetch(shop.client, f"/v3/{release['id']}/tool.bin") == (200, content)
    assert Blob.objects.get().sha256 == sha256(content).hexdigest()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain", ""])
def test_body_is_the_file_whatever_it_is_called(shop: Shop, kind: str, local_storage: LocalStorage) -> None:
    release = shop.release()
    answer = shop.client.generic("PUT", f"/v3/{release['id']}/t.bin", b'{"a": 1}', content_type=kind)
    assert answer.status_code == 200, answer.content
    assert fetch(shop.client, answer.json()["url"]) == (200, b'{"a": 1}')


def test_form_with_the_part_file_is_stored(shop: Shop, local_storage: LocalStorage) -> None:
    release = shop.release()
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("other.exe", b"from a form")})
    kind = MULTIPART_CONTENT.replace("BoUnDaRyStRiNg", BOUNDARY)
    answer = shop.client.generic("PUT", f"/v3/{release['id']}/tool.bin", body, content_type=kind)
    assert (answer.status_code, answer.json()["name"], answer.json()["size"]) == (200, "tool.bin", 11)
    assert fetch(shop.client, answer.json()["url"]) == (200, b"from a form")


@pytest.mark.parametrize("data", [{}, {"data": "x"}])
def test_form_without_a_file_is_refused(shop: Shop, data: Any) -> None:
    kind = MULTIPART_CONTENT.replace("BoUnDaRyStRiNg", BOUNDARY)
    body = encode_multipart(BOUNDARY, data)
    answer = shop.client.generic("PUT", f"/v3/{shop.release()['id']}/tool.bin", body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_BODY")


def test_empty_body_is_refused(shop: Shop) -> None:
    assert shop.upload(shop.release(), "tool.bin", b"").status_code == 400


@pytest.mark.parametrize("name", ["a b.bin", "ä.bin", "a%2Fb", "a+b", "%00", "a%0A", "..", "."])
def test_names_have_letters_digits_dots_dashes_underscores(shop: Shop, name: str) -> None:
    answer = shop.upload(shop.release(), name)
    assert answer.status_code in {400, 404}
    assert answer.json()["code"] in {"FILE_NAME_INVALID", "ROUTE_NOT_FOUND"}
    assert not File.objects.exists()


def test_same_bytes_again_change_nothing_and_others_are_a_conflict_in_a_published_release(shop: Shop) -> None:
    version = make_version(shop.product, state="published")
    release = {"id": version.public_id}
    first = shop.upload(release, "tool.bin", b"one")
    again = shop.upload(release, "tool.bin", b"one")
    assert (again.status_code, again.json()) == (200, first.json())
    other = shop.upload(release, "tool.bin", b"two")
    assert (other.status_code, other.json()["code"]) == (409, "FILE_NAME_TAKEN")
    assert (File.objects.count(), Blob.objects.count()) == (1, 1)


def test_rejected_upload_leaves_nothing(shop: Shop, local_storage: LocalStorage, settings: Any) -> None:
    release = shop.release()
    shop.upload(release, "tool.bin", b"one")
    settings.MAX_FILE_BYTES = 10
    assert shop.upload(release, "large.bin", b"x" * 11).json()["code"] == "FILE_TOO_LARGE"
    assert len([path for path in settings.FILES_DIR.rglob("*") if path.is_file()]) == 1


def test_body_that_ends_early_is_refused(shop: Shop) -> None:
    path = f"/v3/{shop.release()['id']}/tool.bin"
    answer = put_stream(shop.client, path, io.BytesIO(b"short"), 500)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_BODY")
    assert not File.objects.exists()


class Unread(io.BytesIO):
    """A body that counts the bytes that were read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        self.largest = max(getattr(self, "largest", 0), len(data))
        return data


def put_stream(client: ApiClient, path: str, stream: io.BytesIO, length: int) -> Any:
    extra = {"wsgi.input": stream, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": "application/octet-stream"}
    return client.put(path, b"", **extra)


def test_body_is_never_whole_in_memory(shop: Shop) -> None:
    stream = Unread(b"x" * 3_000_000)
    answer = put_stream(shop.client, f"/v3/{shop.release()['id']}/tool.bin", stream, 3_000_000)
    assert (answer.status_code, answer.json()["size"]) == (200, 3_000_000)
    assert stream.largest <= 256 * 1024


def test_upload_without_the_right_stores_nothing(shop: Shop, settings: Any) -> None:
    release = shop.published()
    answer = signed_in(make_user()).put(f"/v3/{release['id']}/b.bin", b"x", content_type="text/plain")
    assert answer.status_code == 403
    assert (File.objects.count(), Blob.objects.count()) == (1, 1)


@pytest.mark.parametrize("scope", [Scope.RELEASE_READ, Scope.RELEASE_WRITE])
def test_upload_needs_both_scopes(shop: Shop, scope: Scope) -> None:
    client = ApiClient(make_key(shop.owner, scopes=[scope]))
    path = f"/v3/{shop.release()['id']}/tool.bin"
    assert client.put(path, b"x", content_type="text/plain").status_code == 403
    both = ApiClient(make_key(shop.owner, scopes=[Scope.RELEASE_READ, Scope.RELEASE_WRITE]))
    assert both.put(path, b"x", content_type="text/plain").status_code == 200


def test_chunked_upload_is_411(shop: Shop) -> None:
    path = f"/v3/{shop.release()['id']}/tool.bin"
    answer = shop.client.put(path, b"", content_type="text/plain", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json()["code"]) in {(411, "LENGTH_REQUIRED"), (400, "INVALID_BODY")}


def test_public_file_needs_no_key_and_is_counted(shop: Shop) -> None:
    file = shop.published()["files"][0]
    assert fetch(ApiClient(), file["url"])[0] in {200, 302}
    assert DownloadGrant.objects.count() == 1
    aggregate_download_events()
    assert shop.get(f"/v3/release-files/{file['id']}").json()["downloads"] == 1


def test_wrong_addresses_are_not_found(shop: Shop) -> None:
    release, other = shop.published()["id"], "a" * 24
    for path in (
        *(f"{other}/{release}/tool.bin", f"{release}/other.bin", f"{other}/tool.bin"),
        *(f"{release}/%01", f"{release}/%ff"),
    ):
        answer = ApiClient().get(f"/v3/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), path


def test_draft_can_be_downloaded_by_its_team_only(shop: Shop) -> None:
    file = shop.upload(shop.release()).json()
    assert fetch(ApiClient(), file["url"])[0] == 404
    assert fetch(shop.client, file["url"])[0] in {200, 302}


def test_secured_file_needs_a_key_or_a_sign_in(shop: Shop) -> None:
    version = make_version(shop.product)
    file = make_file(version, name="tool.bin")
    update_file(actor=system(), file=file, is_secured=True)
    secret = issue_access_key(actor=system(), download=shop.product, name="k")[1]
    path = f"/v3/{version.public_id}/tool.bin"
    assert fetch(ApiClient(), path)[0] == 403
    assert fetch(ApiClient(), f"{path}?key={secret}")[0] in {200, 302}
    assert fetch(signed_in(make_user()), path)[0] in {200, 302}
    assert fetch(ApiClient(), f"{path}?key={secret}x")[0] == 403


def test_private_product_requires_only_its_access_key(shop: Shop) -> None:
    product = make_download(shop.owner, visibility="private")
    version = make_version(product, "1.5", files=1)
    own, other = (issue_access_key(actor=system(), download=row, name="k")[1] for row in (product, shop.product))
    path = f"/v3/{version.public_id}/file-0.bin"
    assert fetch(ApiClient(), path)[0] == 404
    assert fetch(ApiClient(), f"{path}?key={other}")[0] == 404
    assert fetch(ApiClient(), f"{path}?key={own}")[0] in {200, 302}
    low = issue_access_key(actor=system(), download=product, name="k", highest_number="1.4")[1]
    assert fetch(ApiClient(), f"{path}?key={low}")[0] == 403


def test_access_key_cannot_upload(shop: Shop) -> None:
    secret = issue_access_key(actor=system(), download=shop.product, name="k")[1]
    release = shop.release()
    assert ApiClient().put(f"/v3/{release['id']}/a.bin?key={secret}", b"x").status_code == 401


def test_removed_file_is_410(shop: Shop) -> None:
    version = make_version(shop.product)
    file = make_file(version, name="tool.bin")
    shop.client.send("delete", f"/v3/release-files/{file.public_id}")
    assert ApiClient().get(f"/v3/{version.public_id}/tool.bin").status_code == 410


def test_other_bytes_replace_a_file_until_the_release_is_published(shop: Shop, local_storage: LocalStorage) -> None:
    release = shop.release()
    first = shop.upload(release, "tool.bin", b"one").json()
    second = shop.upload(release, "tool.bin", b"two, and more")
    assert (second.status_code, second.json()["size"]) == (200, 13)
    assert fetch(shop.client, second.json()["url"]) == (200, b"two, and more")
    assert File.all_objects.get(public_id=first["id"]).delete_reason == "replaced by another upload"
    assert shop.get(f"/v3/releases/{release['id']}").json()["totalFiles"] == 1
    assert shop.act(release, "publish").status_code == 200
    assert shop.upload(release, "tool.bin", b"three").json()["code"] == "RELEASE_PUBLISHED"


def test_replacement_needs_no_room_for_a_second_file(shop: Shop) -> None:
    category = make_category(max_files_per_version=1)
    release = shop.release(productId=make_download(shop.owner, category=category).public_id)
    assert shop.upload(release, "tool.bin", b"one").status_code == 200
    assert shop.upload(release, "tool.bin", b"two").status_code == 200
    assert shop.upload(release, "other.bin", b"two").json()["code"] == "FILE_COUNT_LIMIT"


def test_name_that_was_public_keeps_its_bytes(shop: Shop, local_storage: LocalStorage) -> None:
    release = shop.published()
    assert shop.act(release, "unpublish").status_code == 200
    assert shop.upload(release, "tool.bin", b"other").status_code == 409
    assert fetch(shop.client, release["files"][0]["url"]) == (200, b"bytes")


def test_older_form_takes_the_name_from_the_form_or_the_header(shop: Shop) -> None:
    path = f"/v3/{shop.release()['id']}"
    kind = MULTIPART_CONTENT.replace("BoUnDaRyStRiNg", BOUNDARY)
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("tool.exe", b"from a form")})
    answer = shop.client.generic("PUT", path, body, content_type=kind)
    assert (answer.status_code, answer.json()["name"]) == (200, "tool.exe")
    named = {"Content-Disposition": 'attachment; filename="tool.dmg"'}
    answer = shop.client.generic("PUT", path, b"raw", content_type="application/octet-stream", headers=named)
    assert (answer.status_code, answer.json()["name"]) == (200, "tool.dmg")
    answer = shop.client.generic("PUT", path, b"raw", content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_BODY")


@pytest.mark.parametrize("parameter", ["filename*=no-such''a.bin", "filename*=undefined''%41"])
def test_name_in_an_unreadable_header_is_refused(shop: Shop, parameter: str) -> None:
    named = {"Content-Disposition": f"attachment; {parameter}"}
    path = f"/v3/{shop.release()['id']}"
    answer = shop.client.generic("PUT", path, b"raw", content_type="application/octet-stream", headers=named)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_BODY")


def test_hosted_files_are_secured_by_default(shop: Shop) -> None:
    body = {"name": "Rocket", "categoryId": shop.product.category.public_id}
    product = shop.client.send("post", "/v3/products", body).json()
    assert product["secured"] is True
    file = shop.upload(shop.release(productId=product["id"])).json()
    assert file["secured"] is True
    shop.client.send("patch", f"/v3/products/{product['id']}", {"secured": False})
    release = shop.release(productId=product["id"], version="1.1.0")
    assert shop.upload(release).json()["secured"] is False
