"""Assets: uploaded in every form that clients use, described, renamed, deleted and downloaded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.services import update_category, update_download
from files.models import Blob, File
from files.storage import LocalStorage
from releasehub.api.github import upload_viewsets
from releasehub.core.actor import Actor
from releasehub.distribution.counting import aggregate_download_events
from releasehub.publishing.deletion import delete_file
from tests.api.github.conftest import BINARY, Repository
from tests.conftest import ApiClient
from tests.factories import make_key, make_user, system

pytestmark = pytest.mark.django_db
SHA256 = "sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"  # of b"bytes"


@pytest.fixture
def release(repository: Repository) -> int:
    number: int = repository.create().json()["id"]
    return number


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.embedded
def test_an_upload_is_described(repository: Repository, release: int) -> None:
    answer = repository.upload(release, "tool-linux-x64.bin", label="For Linux")
    asset = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, asset["url"])
    assert (asset["name"], asset["label"], asset["state"]) == ("tool-linux-x64.bin", "For Linux", "uploaded")
    assert (asset["size"], asset["digest"], asset["download_count"]) == (5, SHA256, 0)
    assert (asset["uploader"]["login"], asset["uploader"]["type"]) == ("ghost", "User")
    file = File.objects.get()
    assert (file.platform, file.architecture, file.is_secured) == ("linux", "x64", False)
    assert repository.get(f"/releases/{release}/assets").json() == [asset]


@pytest.mark.embedded
def test_both_urls_accept_uploads(repository: Repository, release: int) -> None:
    url = repository.get(f"/releases/{release}").json()["upload_url"].replace("{?name,label}", "?name=a.bin&label=")
    assert repository.client.generic("POST", url, b"a", content_type=BINARY).status_code == 201
    other = f"{repository.path}/releases/{release}/assets?name=b.bin&"
    assert repository.client.generic("POST", other, b"b", content_type=BINARY).status_code == 201


@pytest.mark.embedded
@pytest.mark.parametrize(
    "media",
    ["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "nonsense", ""],
)
def test_a_body_of_any_media_type_is_the_file(repository: Repository, release: int, media: str) -> None:
    answer = repository.upload(release, content=b'{"a": 1}', media=media)
    assert (answer.status_code, answer.json()["size"]) == (201, 8)


@pytest.mark.embedded
def test_an_empty_file_is_accepted(repository: Repository, release: int) -> None:
    asset = repository.upload(release, "empty.txt", b"").json()
    assert (asset["size"], asset["state"]) == (0, "uploaded")


@pytest.mark.embedded
@pytest.mark.parametrize("query", ["name=a%20b.bin", "name=a+b.bin", "name=a%20b.bin&label="])
def test_names_with_spaces_are_kept(repository: Repository, release: int, query: str) -> None:
    url = f"/api/uploads/repos/Ada/tool/releases/{release}/assets?{query}"
    asset = repository.client.generic("POST", url, b"x", content_type=BINARY).json()
    assert (asset["name"], asset["label"]) == ("a b.bin", None)
    assert asset["browser_download_url"].endswith("/Ada/tool/releases/download/v1.0.0/a%20b.bin")


@pytest.mark.embedded
def test_a_name_is_needed(repository: Repository, release: int) -> None:
    url = f"/api/uploads/repos/Ada/tool/releases/{release}/assets"
    answer = repository.client.generic("POST", url, b"x", content_type=BINARY)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"resource": "ReleaseAsset", "field": "name", "code": "missing_field"}]


@pytest.mark.embedded
def test_the_same_upload_again_answers_with_the_asset(repository: Repository, release: int) -> None:
    first, second = repository.upload(release), repository.upload(release)
    assert (second.status_code, second.json()) == (201, first.json())
    assert File.all_objects.count() == 1


@pytest.mark.embedded
@pytest.mark.parametrize("step", ["accept_upload", "add_file_of_run"])
def test_the_same_upload_at_the_same_time_answers_with_the_asset(
    repository: Repository, release: int, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Another request adds the file between two steps of this one."""
    real = getattr(upload_viewsets, step)

    def late(**options: Any) -> Any:
        monkeypatch.setattr(upload_viewsets, step, real)
        repository.upload(release)
        return real(**options)

    monkeypatch.setattr(upload_viewsets, step, late)
    answer = repository.upload(release)
    assert (answer.status_code, answer.json()["digest"]) == (201, SHA256)
    assert File.all_objects.count() == 1
    assert Blob.objects.get().claimed_until is None


@pytest.mark.embedded
def test_other_bytes_under_a_used_name_already_exist(repository: Repository, release: int) -> None:
    repository.upload(release)
    answer = repository.upload(release, content=b"other")
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["resource"], error["field"]) == (422, "ReleaseAsset", "name")
    assert error["code"] == "already_exists"


@pytest.mark.embedded
def test_an_asset_is_renamed_and_labelled(repository: Repository, release: int) -> None:
    asset = repository.upload(release).json()
    url = f"/releases/assets/{asset['id']}"
    changed = repository.send("patch", url, {"name": "Other.zip.sig", "label": "Signature", "state": "uploaded"})
    assert (changed.json()["name"], changed.json()["label"]) == ("Other.zip.sig", "Signature")
    assert File.objects.get().kind == "signature"
    assert repository.upload(release, "tool.bin", b"again").status_code == 201
    assert repository.send("patch", url, {"name": "TOOL.bin"}).json()["errors"][0]["code"] == "already_exists"


@pytest.mark.embedded
def test_an_asset_is_deleted(repository: Repository, release: int) -> None:
    asset = repository.upload(release).json()
    assert repository.send("delete", f"/releases/assets/{asset['id']}").status_code == 204
    assert repository.get(f"/releases/assets/{asset['id']}").status_code == 404
    assert repository.upload(release, content=b"other").status_code == 201


@pytest.mark.embedded
def test_a_published_asset_that_other_bytes_were_to_replace_is_restored(repository: Repository) -> None:
    """`gh release upload --clobber` deletes the asset, and then uploads."""
    release = repository.publish()
    (asset,) = release["assets"]
    assert repository.send("delete", f"/releases/assets/{asset['id']}").status_code == 204
    refused = repository.upload(release["id"], content=b"other bytes")
    assert refused.status_code == 422
    assert "is still there" in refused.json()["errors"][0]["message"]
    (restored,) = repository.get("/releases/tags/v1.0.0", repository.guest).json()["assets"]
    assert restored == asset | {"updated_at": restored["updated_at"]}


@pytest.mark.embedded
def test_an_approved_asset_that_other_bytes_were_to_replace_is_restored(repository: Repository) -> None:
    release = repository.publish()
    (asset,) = release["assets"]
    update_category(actor=system(), category=repository.download.category, requires_approval=True)
    assert repository.send("delete", f"/releases/assets/{asset['id']}").status_code == 204
    assert repository.upload(release["id"], content=b"other bytes").status_code >= 400
    (restored,) = repository.get("/releases/tags/v1.0.0", repository.guest).json()["assets"]
    assert restored == asset | {"updated_at": restored["updated_at"]}


@pytest.mark.embedded
def test_a_published_asset_is_replaced_by_the_same_bytes(repository: Repository) -> None:
    release = repository.publish()
    (asset,) = release["assets"]
    repository.send("delete", f"/releases/assets/{asset['id']}")
    again = repository.upload(release["id"], content=b"v1.0.0 tool.bin")
    assert (again.status_code, again.json()["digest"]) == (201, asset["digest"])


@pytest.mark.embedded
@pytest.mark.parametrize("change", ["late", "somebody else", "on a page", "draft"])
def test_a_deleted_asset_stays_deleted(repository: Repository, change: str) -> None:
    release = repository.create().json() if change == "draft" else repository.publish()
    asset = repository.upload(release["id"], content=b"v1.0.0 tool.bin").json()
    if change == "on a page":
        delete_file(actor=Actor(user=repository.download.owner), file=File.objects.get())
    else:
        repository.send("delete", f"/releases/assets/{asset['id']}")
    if change == "late":
        File.all_objects.update(deleted_at=timezone.now() - timedelta(seconds=61))
    if change == "somebody else":
        File.all_objects.update(deleted_by=make_user())
    other = ApiClient(make_key(make_user())) if change == "draft" else repository.client
    assert repository.upload(release["id"], content=b"other bytes", client=other).status_code in {404, 422}
    assert repository.get(f"/releases/{release['id']}/assets").json() == []


@pytest.mark.embedded
def test_pages_of_assets(repository: Repository, release: int) -> None:
    for name in ("a.bin", "b.bin", "c.bin"):
        repository.upload(release, name, name.encode())
    page = repository.get(f"/releases/{release}/assets?per_page=2")
    assert [asset["name"] for asset in page.json()] == ["a.bin", "b.bin"]
    assert 'page=2>; rel="last"' in page["Link"]


def test_bytes_are_sent_for_octet_stream(repository: Repository, local_storage: Any) -> None:
    asset = repository.publish()["assets"][0]
    answer = repository.guest.get(asset["url"], headers={"Accept": BINARY})
    assert (answer.status_code, content_of(answer)) == (200, b"v1.0.0 tool.bin")
    assert answer["Content-Length"] == "15"
    assert (answer["Accept-Ranges"], answer["X-RateLimit-Resource"]) == ("bytes", "core")
    assert answer["ETag"] == f'"{asset["digest"].removeprefix("sha256:")}"'
    part = repository.guest.get(asset["url"], headers={"Accept": BINARY, "Range": "bytes=0-3"})
    assert (part.status_code, content_of(part)) == (206, b"v1.0")
    assert repository.guest.get(asset["url"]).json() == asset | {"download_count": 0}


@pytest.mark.parametrize("name", ["latest.json", "SHA256SUMS.txt"])
def test_bytes_have_the_media_type_that_was_asked_for(repository: Repository, local_storage: Any, name: str) -> None:
    """octokit parses a response whose media type is JSON, and decodes one that is text."""
    release = repository.create().json()
    asset = repository.upload(release["id"], name, b'{"a": 1}').json()
    answer = repository.client.get(asset["url"], headers={"Accept": BINARY})
    assert (answer["Content-Type"], content_of(answer)) == (BINARY, b'{"a": 1}')
    assert asset["content_type"] != BINARY


def test_a_download_counts(repository: Repository, local_storage: Any) -> None:
    asset = repository.publish()["assets"][0]
    content_of(repository.guest.get(asset["url"], headers={"Accept": BINARY}))
    assert aggregate_download_events() == 1
    assert repository.guest.get(asset["url"]).json()["download_count"] == 1


def test_private_bytes_need_a_right(repository: Repository, local_storage: Any) -> None:
    update_download(actor=system(), download=repository.download, visibility="private")
    asset = repository.publish()["assets"][0]
    options = {"headers": {"Accept": BINARY}}
    assert repository.guest.get(asset["url"], **options).status_code == 404
    assert ApiClient(make_key(make_user())).get(asset["url"], **options).status_code == 404
    assert content_of(repository.client.get(asset["url"], **options)) == b"v1.0.0 tool.bin"
    basic = Client(headers={"Authorization": f"token {make_key(repository.owner)}"})
    assert content_of(basic.get(asset["url"], **options)) == b"v1.0.0 tool.bin"


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("ranges", "status", "body"),
    [("", 200, b"v1.0.0 tool.bin"), ("bytes=7-10", 206, b"tool"), ("bytes=0-1, 7-10", 200, b"v1.0.0 tool.bin")],
)
def test_a_hub_on_s3_can_send_assets_itself(
    repository: Repository,
    local_storage: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    ranges: str,
    status: int,
    body: bytes,
) -> None:
    (asset,) = repository.publish()["assets"]
    monkeypatch.setattr(LocalStorage, "signed_url", lambda *_, **signed: f"https://s3.example/{signed['content_type']}")
    headers = {"Accept": BINARY} | ({"Range": ranges} if ranges else {})
    redirect = repository.client.get(asset["url"], headers=headers)
    assert (redirect.status_code, redirect["Location"]) == (302, f"https://s3.example/{BINARY}")
    settings.GITHUB_API_SENDS_FILES, settings.ACCEL_REDIRECT = True, "/stored-files"
    answer = repository.client.get(asset["url"], headers=headers)
    assert (answer.status_code, content_of(answer)) == (status, body)
    assert "X-Accel-Redirect" not in answer
