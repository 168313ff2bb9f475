"""The public pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from downloads.services import update_download
from files.models import File
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.verification import verify_key
from releasehub.core.anonymous_cache import invalidate_anonymous_cache
from tests.confirming import confirm_password
from tests.factories import make_category, make_download, make_file, make_key, make_user, make_version, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def release() -> Any:
    download = make_download(title="Tool", description="**Bold** words")
    version = make_version(download, "1.0.0", release_notes="# News\n\n<script>alert(1)</script>")
    make_file(version, name="tool.zip")
    return version


def test_front_page_lists_public_downloads_only(client: Client, release: Any) -> None:
    hidden = make_download(title="Hidden thing")
    update_download(actor=system(), download=hidden, visibility="private")
    text = client.get("/").content.decode()
    assert "Tool" in text
    assert "Hidden thing" not in text


def test_empty_hub_shows_a_hint(client: Client) -> None:
    make_user()
    assert b"There are no downloads yet" in client.get("/").content


def test_download_page_has_files_digests_and_harmless_notes(client: Client, release: Any) -> None:
    text = client.get(release.download.path).content.decode()
    assert release.files.get().blob.sha256 in text
    assert "<strong>Bold</strong>" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize(("platform", "name"), [("macos", "macOS arm64"), ("haiku", "haiku arm64")])
def test_download_page_names_the_platform_of_a_file(client: Client, release: Any, platform: str, name: str) -> None:
    make_file(release, name="tool-arm64.zip", platform=platform, architecture="arm64")
    assert name in client.get(release.download.path).content.decode()


def test_wrong_slug_redirects_to_the_current_one(client: Client, release: Any) -> None:
    answer = client.get(f"/downloads/other.{release.download.pk}/")
    assert (answer.status_code, answer["Location"]) == (308, release.download.path)


def test_download_page_shows_the_first_of_many_files_and_tags(
    client: Client, release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("releasehub.pages.releases.MAX_OVERVIEW_FILES", 2)
    for number in range(3):
        make_file(release, name=f"tool-{number}.zip")
    update_download(actor=system(), download=release.download, tags=[f"tag-{number}" for number in range(21)])
    text = client.get(release.download.path).content.decode()
    assert (text.count('class="file-name"'), "All 4 files" in text, "More tags" in text) == (2, True, True)
    text = client.get(f"{release.download.path}1.0.0/").content.decode()
    assert (text.count('class="file-name"'), "All 4 files" in text) == (4, False)


def test_version_page(client: Client, release: Any) -> None:
    assert b"tool.zip" in client.get(f"{release.download.path}1.0.0/").content


def test_drafts_are_for_the_team(client: Client, release: Any) -> None:
    make_version(release.download, "2.0.0", state="draft", files=1)
    assert client.get(f"{release.download.path}2.0.0/").status_code == 404
    client.force_login(release.download.owner)
    assert client.get(f"{release.download.path}2.0.0/").status_code == 200


def test_front_page_leaves_out_empty_categories_once_one_has_downloads(client: Client) -> None:
    make_category("Empty")
    assert "Empty" in client.get("/").content.decode()
    invalidate_anonymous_cache()
    make_download(category=make_category("Filled"))
    text = client.get("/").content.decode()
    assert ("Filled" in text, "Empty" in text) == (True, False)


def test_category_page_lists_downloads_of_subcategories(client: Client) -> None:
    parent = make_category("Parent")
    make_download(title="Deep one", category=make_category("Child", parent=parent))
    text = client.get("/categories/parent/").content.decode()
    assert "Deep one" in text
    assert "Child" in text


def test_private_page_is_404_and_not_403(client: Client, release: Any) -> None:
    update_download(actor=system(), download=release.download, visibility="private")
    client.force_login(make_user())
    assert client.get(release.download.path).status_code == 404


def test_account_page_requires_sign_in(client: Client) -> None:
    assert client.get("/account/")["Location"].startswith("/account/sign-in/")


def test_key_is_shown_once_and_works(client: Client, release: Any) -> None:
    owner = release.download.owner
    client.force_login(owner)
    form = {"name": "ci", "scopes": [Scope.DOWNLOAD_READ], "downloads": [release.download.pk], "days": 7}
    asked = client.post("/account/keys/", form)
    assert asked["Location"].startswith("/account/confirm/")
    assert not ApiKey.objects.exists()
    answer = confirm_password(client, owner).post("/account/keys/", form)
    secret = next(
        word for word in answer.content.decode().replace("<", " ").replace(">", " ").split() if word[:3] == "rh_"
    )
    assert verify_key(secret).download_ids == [release.download.pk]
    assert answer["Cache-Control"] == "no-store"
    assert secret not in client.get("/account/keys/").content.decode()


def test_preset_fills_in_the_form_and_the_snippets_name_the_download(client: Client, release: Any) -> None:
    client.force_login(release.download.owner)
    form = client.get("/account/keys/?preset=ci").context["form"]
    assert form.initial["scopes"] == [Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE]
    confirm_password(client, release.download.owner)
    answer = client.post("/account/keys/", form.initial | {"downloads": [release.download.pk]})
    assert f"releasehub publish {release.download.slug}@1.0.0" in answer.content.decode()


def test_user_with_many_downloads_names_those_of_a_key_by_their_slugs(
    client: Client, release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("releasehub.pages.forms.MAX_CHECKBOXES", 1)
    owner = release.download.owner
    other, foreign = make_download(owner), make_download()
    client.force_login(owner)
    assert other.title not in client.get("/account/keys/").content.decode()
    form = {"name": "ci", "scopes": [Scope.DOWNLOAD_READ], "downloads": f" {other.slug.upper()}\r\n{foreign.slug}"}
    confirm_password(client, owner)
    assert "not one of the available choices" in client.post("/account/keys/", form).content.decode()
    client.post("/account/keys/", form | {"downloads": f"{other.slug}\r\n"})
    assert ApiKey.objects.get().download_ids == [other.pk]


def test_key_of_another_user_cannot_be_revoked(client: Client) -> None:
    other = make_user()
    from_other = ApiKey.objects.create(user=other, name="x", digest="d", prefix="rh_x")
    client.force_login(make_user())
    assert client.post(f"/account/keys/{from_other.pk}/revoke/").status_code == 404
    from_other.refresh_from_db()
    assert from_other.revoked_at is None


def test_sign_in_redirects_to_the_account(client: Client) -> None:
    make_user("ann")
    answer = client.post("/account/sign-in/", {"username": "ann", "password": "secret-pass-1"})
    assert answer["Location"] == "/account/"


@pytest.mark.embedded
@pytest.mark.parametrize("rows", [2, 12])
def test_query_count_of_pages_is_constant(client: Client, rows: int) -> None:
    category = make_category("Only")
    download = make_download(category=category)
    for number in range(rows):
        make_download(category=category)
        make_version(download, f"1.{number}.0", files=2)
    counts = {}
    for path in ("/", "/categories/only/", download.path, f"{download.path}1.0.0/"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts[path.replace(download.path, "download/")] = len(queries)
    # The view of the page is one insert, around which the transaction of the test gets a savepoint.
    assert counts == {"/": 5, "/categories/only/": 8, "download/": 5 + 3, "download/1.0.0/": 4}


@pytest.mark.embedded
def test_pages_of_a_version_show_50_of_1000_files_with_a_constant_number_of_queries(client: Client) -> None:
    version = make_version(make_download(title="Tool"), "1.0.0", files=1)
    desk = reverse("pages:desk-version", args=[version.public_id])
    same = {"version": version, "validation_status": "passed", "external_url": "https://files.example.org/tool"}
    author = Client()
    author.force_login(version.download.owner)
    counts = []
    for names in ([], [f"tool-{number:03}.bin" for number in range(999)]):
        File.objects.bulk_create([File(**same, filename=name, folded_name=name) for name in names])
        for reader, path in ((client, f"{version.download.path}1.0.0/"), (author, desk)):
            invalidate_anonymous_cache()
            with CaptureQueriesContext(connection) as queries:
                text = reader.get(path).content.decode()
            counts.append((len(queries), text.count('class="file-name"'), "Page 1 of 20" in text))
    assert counts[2:] == [(queries, 50, True) for queries, *_ in counts[:2]]
    text = client.get(f"{version.download.path}1.0.0/?page=20&system=linux").content.decode()
    assert text.count('class="file-name"') == 50
    assert '<a rel="prev" href="?page=19&amp;system=linux#files"' in text
    assert f'<link rel="canonical" href="http://testserver{version.download.path}1.0.0/?page=20">' in text
    assert "SHA256SUMS" in text
    assert "curl -fL -o" in text
    File.objects.filter(filename="tool-900.bin").update(validation_status="failed")
    text = author.get(desk).content.decode()
    assert text.index("tool-900.bin") < text.index("file-0.bin")
    assert author.get(f"{desk}?file=tool-700.bin").content.decode().count('class="file-name"') == 1


@pytest.mark.parametrize(("failure", "status"), [(OperationalError("gone"), 503), (RuntimeError("bug"), 500)])
def test_error_pages_work_without_the_database(client: Client, failure: Exception, status: int) -> None:
    def broken(*args: Any) -> Any:
        raise failure

    client.force_login(make_user())
    client.raise_request_exception = False
    key = make_key()
    with connection.execute_wrapper(broken):
        page = client.get("/", headers={"X-Request-Id": "abc-123"})
        data = client.get("/api/mc-dm-versions/1/", headers={"XF-Api-Key": key})
    assert (page.status_code, data.status_code) == (status, status)
    assert {answer.get("Retry-After") for answer in (page, data)} == {"5" if status == 503 else None}
    assert b"<h1>" in page.content
    assert (b"abc-123" in page.content) == (status == 500)
    assert data.json()["errors"][0]["code"] == ("database_unavailable" if status == 503 else "server_error_occurred")
