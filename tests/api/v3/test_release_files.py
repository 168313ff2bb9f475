"""Promises C11 to C14: files of releases."""

from __future__ import annotations

from hashlib import md5
from typing import Any

import pytest

from files.models import File
from tests.api.v3.shop import Shop, fetch, signed_in
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_organization, make_user, make_version

FIELDS = {
    "id", "createdAt", "updatedAt", "name", "url", "size", "downloads", "extension", "checksum", "secured", "published",
    "releaseId", "releaseName",
}  # fmt: skip
URL = "https://files.example.org/tool.msi"


def external(shop: Shop, release: dict[str, Any], **fields: Any) -> Any:
    body = {"name": "tool.msi", "url": URL, "size": 5, "checksum": "0" * 32, "secured": True}
    return shop.client.send("post", "/v3/release-files", body | {"releaseId": release["id"]} | fields)


def test_hosted_file_has_exactly_the_documented_fields(shop: Shop) -> None:
    release = shop.release()
    file = shop.upload(release, "tool-1.0.MSI", b"bytes").json()
    assert file.keys() == FIELDS
    assert (file["name"], file["extension"], file["size"], file["downloads"]) == ("tool-1.0.MSI", ".msi", 5, 0)
    assert file["checksum"] == md5(b"bytes").hexdigest()  # noqa: S324
    assert file["url"] == f"http://testserver/v3/{shop.owner.public_id}/{release['id']}/tool-1.0.MSI"
    assert (file["secured"], file["published"]) == (False, False)
    assert (file["releaseId"], file["releaseName"]) == (release["id"], "Spring")


@pytest.mark.embedded
def test_name_without_an_extension_has_an_empty_one(shop: Shop) -> None:
    assert shop.upload(shop.release(), "README", b"text").json()["extension"] == ""


def test_account_of_a_product_is_its_organization(shop: Shop) -> None:
    organization = make_organization(members=(shop.owner,))
    product = make_download(shop.owner, organization=organization)
    version = make_version(product, files=1)
    release = shop.get(f"/v3/releases/{version.public_id}").json()
    assert release["tenantId"] == organization.public_id
    assert f"/v3/{organization.public_id}/" in release["files"][0]["url"]


def test_adding_an_external_file_returns_its_release(shop: Shop) -> None:
    release = shop.release()
    answer = external(shop, release)
    assert (answer.status_code, answer.json()["id"], answer.json()["totalFiles"]) == (201, release["id"], 1)
    file = answer.json()["files"][0]
    assert (file["url"], file["size"], file["checksum"], file["secured"]) == (URL, 5, "0" * 32, True)
    assert answer.json() == shop.get(f"/v3/releases/{release['id']}").json()


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a/b"), ("name", ""), ("url", "ftp://x/y"), ("url", "https://user:pass@x/y"), ("url", "h" * 2049),
        ("size", -1), ("size", 2**63), ("size", "many"), ("checksum", "c" * 257), ("secured", "perhaps"),
    ],
)  # fmt: skip
def test_invalid_external_files_are_rejected(shop: Shop, field: str, value: Any) -> None:
    answer = external(shop, shop.release(), **{field: value})
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.embedded
@pytest.mark.parametrize("field", ["name", "url", "size", "secured", "releaseId"])
def test_missing_required_fields_are_reported(shop: Shop, field: str) -> None:
    body = {"name": "a", "url": URL, "size": 1, "secured": True, "releaseId": shop.release()["id"]}
    del body[field]
    answer = shop.client.send("post", "/v3/release-files", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUIRED_FIELD")


@pytest.mark.embedded
def test_checksum_is_optional(shop: Shop) -> None:
    body = {"name": "a.bin", "url": URL, "size": 2**63 - 1, "secured": False, "releaseId": shop.release()["id"]}
    file = shop.client.send("post", "/v3/release-files", body).json()["files"][0]
    assert (file["checksum"], file["size"]) == ("", 2**63 - 1)


def test_release_with_files_still_being_checked_is_not_published_yet(shop: Shop) -> None:
    release = shop.release()
    external(shop, release)
    answer = shop.act(release, "publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "RELEASE_FILES_PENDING")


@pytest.mark.embedded
def test_published_release_rejects_more_files(shop: Shop) -> None:
    release = shop.published()
    assert (external(shop, release).status_code, shop.upload(release, "b.bin").status_code) == (409, 409)
    assert shop.upload(release, "b.bin").json()["code"] == "RELEASE_PUBLISHED"


@pytest.mark.embedded
def test_unknown_and_hidden_releases_reject_files(shop: Shop) -> None:
    hidden = make_version(make_download(visibility="private"))
    for release_id in ("nothing", "\x00x", "a" * 24, hidden.public_id):
        body = {"name": "a", "url": URL, "size": 1, "secured": True, "releaseId": release_id}
        assert shop.client.send("post", "/v3/release-files", body).status_code in {400, 404}
    assert not File.objects.exists()


def test_list_of_one_release_and_its_filters(shop: Shop) -> None:
    release = shop.published(version="1.0")
    draft = shop.release(version="2.0")
    shop.upload(draft, "notes.txt", b"text")

    def found(**query: Any) -> list[str]:
        return [file["name"] for file in shop.get("/v3/release-files", **query).json()]

    assert found() == ["tool.bin", "notes.txt"]
    assert found(releaseId=release["id"]) == ["tool.bin"]
    assert found(releaseId="nothing") == []
    assert found(name="notes.txt") == found(search="note") == found(query="TXT") == ["notes.txt"]
    assert found(published="true") == ["tool.bin"]
    assert found(sort="name") == ["notes.txt", "tool.bin"]
    assert found(sort="-size", limit=1) == ["tool.bin"]


def test_outsiders_see_files_of_published_releases_only(shop: Shop) -> None:
    release = shop.published(version="1.0")
    draft = shop.upload(shop.release(version="2.0")).json()
    stranger = signed_in(make_user())
    answer = stranger.get("/v3/release-files")
    assert [file["releaseId"] for file in answer.json()] == [release["id"]]
    assert answer["Pagination-Count"] == "1"
    assert stranger.get(f"/v3/release-files/{draft['id']}").status_code == 404
    assert stranger.get(f"/v3/release-files/{release['files'][0]['id']}").json() == release["files"][0]
    assert stranger.send("delete", f"/v3/release-files/{release['files'][0]['id']}").status_code == 403


def test_unlisted_release_shows_its_files_only_by_its_id(shop: Shop) -> None:
    version = make_version(shop.product, visibility="unlisted", files=1)
    stranger = signed_in(make_user())
    assert stranger.get("/v3/release-files").json() == []
    assert len(stranger.get("/v3/release-files", {"releaseId": version.public_id}).json()) == 1


def test_delete(shop: Shop) -> None:
    file = shop.upload(shop.release()).json()
    path = f"/v3/release-files/{file['id']}"
    answer = shop.client.send("delete", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert shop.client.get(path).status_code == 404
    assert shop.client.send("delete", path).status_code == 404


@pytest.mark.embedded
def test_file_of_a_sealed_release_cannot_be_deleted(shop: Shop) -> None:
    file = shop.published()["files"][0]
    answer = shop.client.send("delete", f"/v3/release-files/{file['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "RELEASE_PUBLISHED")
    assert File.objects.count() == 1


def test_file_of_another_kind_keeps_its_name_in_the_address(shop: Shop) -> None:
    version = make_version(shop.product)
    make_file(version, name="Ünicode name.zip")
    file = shop.get("/v3/release-files", releaseId=version.public_id).json()[0]
    assert file["url"].endswith("/%C3%9Cnicode%20name.zip")


def test_security_of_a_file_can_be_changed_after_publishing(shop: Shop) -> None:
    file = shop.published()["files"][0]
    path = f"/v3/release-files/{file['id']}"
    assert shop.client.send("patch", path, {"secured": True, "name": None}).json()["secured"] is True
    assert fetch(ApiClient(), file["url"])[0] == 403
    assert signed_in(make_user("eve")).send("patch", path, {"secured": False}).status_code == 403
