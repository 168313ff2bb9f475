"""Old slugs, other spellings of numbers and file names, and checksums of the newest version."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from downloads.exposure import remember_slug
from downloads.models import Download, PublicSlug
from downloads.services import restore_download, update_download
from files.models import DownloadGrant, File
from releasehub.core.errors import Conflict
from releasehub.distribution.access_keys import issue_access_key
from releasehub.publishing.deletion import delete_download, delete_version
from tests.factories import make_category, make_download, make_file, make_key, make_user, make_version, system
from tests.sessions import signed_in
from versions.models import Version
from versions.services import update_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_storage")]


class ReadingClient(Client):
    """Reads each answer to its end, so that no file stays open."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if response.streaming:
            b"".join(response.streaming_content)
        return response


@pytest.fixture
def client() -> Client:
    return ReadingClient()


@pytest.fixture
def download() -> Download:
    found = make_download(slug="old", title="Tool")
    make_file(make_version(found, "1.2.0"), name="tool.bin", platform="linux")
    return found


def rename(download: Download, slug: str) -> Download:
    return update_download(actor=system(), download=download, slug=slug)


LINKS = [
    "/d/{slug}/1.2.0/tool.bin?channel=stable&x=a%20b",
    "/d/{slug}/1.2.0/SHA256SUMS",
    "/d/{slug}/latest/",
    "/d/{slug}/latest/linux?x=1",
    "/d/{slug}/latest-1.x/tool.bin",
    "/d/{slug}/channel/beta/",
    "/d/{slug}/channel/beta/tool.bin",
    "/api/updates/{slug}?version=1.0.0&platform=linux",
    "/downloads/{slug}/",
    "/downloads/{slug}.{pk}/?page=1",
    "/downloads/{slug}.{pk}/1.2.0/?channel=stable",
]


def test_every_link_of_a_renamed_download_leads_to_its_newest_name(client: Client, download: Download) -> None:
    rename(rename(download, "middle"), "new")
    wrong: dict[str, Any] = {}
    for link in LINKS:
        old, middle, new = (link.format(slug=slug, pk=download.pk) for slug in ("old", "middle", "new"))
        for answer in (client.get(old), client.get(middle)):
            found = (answer.status_code, answer["Location"], answer["Cache-Control"])
            wrong |= {link: found} if found != (308, new, "no-store") else {}
        status = client.get(new).status_code
        wrong |= {new: status} if status not in {200, 302} else {}
    assert wrong == {}


def test_head_requests_are_redirected_too(client: Client, download: Download) -> None:
    rename(download, "new")
    assert client.head("/d/old/latest/")["Location"] == "/d/new/latest/"


@pytest.mark.parametrize("path", ["/d/old/1.2.0/%2F%2Fevil.example", "/d/old/1.2.0/..", "/d/old/1.2.0/%0d%0aX: 1"])
def test_a_redirect_never_leaves_the_hub(client: Client, download: Download, path: str) -> None:
    rename(download, "new")
    answer = client.get(f"{path}?next=//evil.example")
    assert answer.status_code in {308, 404}
    assert answer.get("Location", "/d/new/").startswith("/d/new/")
    assert "X" not in answer.headers


def test_new_slug_of_a_private_download_is_not_revealed(client: Client, download: Download) -> None:
    update_download(actor=system(), download=rename(download, "secret-name"), visibility="private")
    for link in LINKS:
        answer = client.get(link.format(slug="old", pk=download.pk))
        assert (answer.status_code, b"secret-name" in answer.content) == (404, False)
    _, secret = issue_access_key(actor=system(), download=download, name="customer")
    answer = client.get(f"/d/old/latest/?key={secret}")
    assert (answer.status_code, answer["Location"]) == (308, f"/d/secret-name/latest/?key={secret}")


def test_renamed_and_deleted_download_is_410(client: Client, download: Download) -> None:
    delete_download(actor=system(), download=rename(download, "new"), reason="license trouble")
    answer = client.get("/d/old/latest/")
    assert (answer.status_code, b"license trouble" in answer.content) == (410, True)


def renamed(download: Download) -> None:
    rename(download, "new")


def soft_deleted(download: Download) -> None:
    delete_download(actor=system(), download=rename(download, "new"))


def erased(download: Download) -> None:
    delete_download(actor=system(), download=download, hard=True)


def renamed_then_erased(download: Download) -> None:
    delete_download(actor=system(), download=rename(download, "new"), hard=True)


def private_then_renamed(download: Download) -> None:
    rename(update_download(actor=system(), download=download, visibility="private"), "new")


def deleted_and_restored_under_another_name(download: Download) -> None:
    delete_download(actor=system(), download=download)
    rename(restore_download(actor=system(), download=Download.all_objects.get(pk=download.pk)), "new")


@pytest.mark.parametrize(
    "way",
    [
        renamed,
        soft_deleted,
        erased,
        renamed_then_erased,
        private_then_renamed,
        deleted_and_restored_under_another_name,
    ],
)
def test_a_public_slug_is_never_given_to_another_download(download: Download, way: Any) -> None:
    way(download)
    with pytest.raises(Conflict, match="slug old"):
        make_download(slug="old")
    with pytest.raises(Conflict, match="slug old"):
        rename(make_download(), "old")
    assert make_download(title="Old").slug == "old-2"


@pytest.mark.parametrize("hidden", [{"state": "draft"}, {"visibility": "private"}])
def test_slug_that_was_never_public_can_be_reused(hidden: dict[str, str]) -> None:
    rename(make_download(slug="first", **hidden), "other")
    delete_download(actor=system(), download=make_download(slug="second", **hidden), hard=True)
    assert [make_download(slug=slug).slug for slug in ("first", "second")] == ["first", "second"]


def test_a_draft_keeps_its_slug_from_the_moment_it_becomes_visible() -> None:
    draft = make_download(slug="first", state="draft")
    assert not PublicSlug.objects.exists()
    update_download(actor=system(), download=draft, state="visible")
    assert PublicSlug.objects.get().download == draft


def test_a_slug_of_another_download_is_not_remembered() -> None:
    """No way leads here, because the slug is refused before. The last check holds if another one is forgotten."""
    public, draft = make_download(slug="first"), make_download(slug="second", state="draft")
    rename(public, "third")
    Download.objects.filter(pk=draft.pk).update(slug="first")
    with pytest.raises(Conflict, match="slug first"):
        remember_slug(Download.objects.get(pk=draft.pk))
    assert PublicSlug.objects.get(slug="first").download == public


def test_a_download_may_take_its_old_slug_back(client: Client, download: Download) -> None:
    rename(rename(download, "new"), "old")
    assert client.get("/d/old/latest/").status_code == 200
    assert client.get("/d/new/latest/")["Location"] == "/d/old/latest/"


def test_settings_and_commands_that_name_a_slug_follow_the_rename(
    client: Client, download: Download, settings: Any
) -> None:
    make_download(slug="another")
    settings.ENGINE_DOWNLOAD = "another"
    rename(Download.objects.get(slug="another"), "renamed")
    assert client.get("/version").json() == []
    rename(download, "new")
    user = make_user()
    call_command("create_api_key", user.username, name="ci", download=["old"], scope=["mc_dm_download:read"])
    assert user.api_keys.get().download_ids == [download.pk]


@pytest.mark.parametrize("number", ["1.2.0", "v1.2.0", "V1.2.0", "1.2", "v1.2"])
def test_every_spelling_of_a_number_finds_the_version(client: Client, download: Download, number: str) -> None:
    assert client.get(f"/d/old/{number}/tool.bin").status_code == 200
    assert client.get(f"/d/old/{number}/SHA256SUMS").status_code == 200
    assert client.get(f"{download.path}{number}/").status_code == 200


@pytest.mark.parametrize("scheme", ["", "semver", "build", "pep440"])
def test_version_with_a_leading_v_is_found_without_it(client: Client, scheme: str) -> None:
    download = make_download(slug="tagged", version_scheme="" if scheme != "pep440" else scheme)
    version = make_version(download, "v1.2.0")
    make_file(version, name="tool.bin")
    update_download(actor=system(), download=download, version_scheme=scheme)
    assert version.number == "v1.2.0"
    for number in ("v1.2.0", "1.2.0"):
        assert client.get(f"/d/tagged/{number}/tool.bin").status_code == 200
        assert client.get(f"/api/updates/tagged?version={number}").json()["update_available"] is False
    assert client.get("/api/updates/tagged?version=v1.1.0").json()["update_available"] is True


def test_an_update_check_of_the_v3_api_takes_a_leading_v(client: Client, download: Download) -> None:
    query = {"productId": download.public_id, "platform": "linux", "channel": "stable"}
    assert client.get("/v3/releases/update", query | {"version": "v1.1.0"}).json()["version"] == "1.2.0"
    assert client.get("/v3/releases/update", query | {"version": "v1.2.0"}).status_code == 204


def test_the_earlier_number_of_a_version_finds_it_in_any_spelling(client: Client, download: Download) -> None:
    version = Version.objects.get(download=download)
    update_version(actor=system(), version=version, number="1.3.0")
    for number in ("1.2.0", "v1.2", "1.3.0"):
        assert client.get(f"/d/old/{number}/tool.bin").status_code == 200


def test_link_of_a_deleted_version_does_not_lead_to_another_channel(client: Client, download: Download) -> None:
    make_file(make_version(download, "1.2.0", channel="beta"), name="tool.bin", content=b"beta bytes")
    delete_version(actor=system(), version=Version.objects.get(download=download, channel="stable"), reason="broken")
    assert client.get("/d/old/1.2.0/tool.bin").status_code == 410
    assert client.get("/d/old/1.2.0/tool.bin?channel=beta").status_code == 200


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_any_form_of_a_file_name_finds_the_stored_one(client: Client, download: Download, form: str) -> None:
    make_file(make_version(download, "1.3.0"), name="Übung.bin", content=b"exercise")
    for name in ("Übung.bin", "übung.bin", "ÜBUNG.BIN"):
        spelled = unicodedata.normalize(form, name)
        for place in ("1.3.0", "latest", "latest-1.x", "channel/beta"):
            answer = client.get(f"/d/old/{place}/{spelled}")
            assert (answer.status_code, answer["Repr-Digest"][:8]) == (200, "sha-256=")
            assert "bung.bin" in answer["Content-Disposition"]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="GNU coreutils is not installed.")
def test_sha256sum_reads_the_checksums(client: Client, download: Download, tmp_path: Path) -> None:
    version = make_version(download, "2.0.0")
    for number, name in enumerate(("Übung 1.bin", "-z.bin", "*star.bin", "back\\slash\nline\rreturn.bin")):
        file = make_file(version, content=name.encode())
        (tmp_path / name).write_bytes(name.encode())
        File.objects.filter(pk=file.pk).update(filename=name, folded_name=str(number))  # no upload may have such a name
    answer = client.get("/d/old/latest/SHA256SUMS")
    done = subprocess.run(
        ["sha256sum", "-c", "--strict"], input=answer.content, cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.count(b": OK\n")) == (0, 4), done.stderr
    assert client.get("/d/old/latest/SHA256SUMS", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert not DownloadGrant.objects.exists()


def test_uploaded_checksums_belong_to_their_version(client: Client, download: Download) -> None:
    make_file(make_version(download, "2.0.0"), name="SHA256SUMS", content=b"uploaded")
    links = ("/d/old/latest/SHA256SUMS", "/d/old/2.0.0/sha256sums")
    assert ["Repr-Digest" in client.get(link) for link in links] == [True, True]
    make_file(make_version(download, "2.1.0"), name="three.bin")
    assert client.get(links[0]).content.endswith(b"  three.bin\n")


def test_checksums_of_the_newest_version(client: Client, download: Download) -> None:
    make_file(make_version(download, "2.0.0"), name="two.bin")
    make_file(make_version(download, "2.1.0-rc.1"), name="rc.bin")
    expected = {
        "latest": ("2.0.0", "two.bin"),
        "latest-1.x": ("1.2.0", "tool.bin"),
        "channel/rc": ("2.1.0-rc.1", "rc.bin"),
        "channel/stable": ("2.0.0", "two.bin"),
    }
    for place, (number, name) in expected.items():
        answer = client.get(f"/d/old/{place}/SHA256SUMS")
        assert (answer["X-ReleaseHub-Version"], answer["Cache-Control"]) == (number, "no-cache, no-transform")
        assert answer.content.decode().endswith(f"  {name}\n")


@pytest.mark.parametrize("place", ["latest-7.x", "channel/nothing"])
def test_sha256sums_without_a_version_is_404(client: Client, download: Download, place: str) -> None:
    assert client.get(f"/d/old/{place}/SHA256SUMS").status_code == 404


def test_checksums_of_a_private_download_need_its_key(client: Client, download: Download) -> None:
    update_download(actor=system(), download=download, visibility="private")
    assert client.get("/d/old/latest/SHA256SUMS").status_code == 404
    key = make_key(download.owner)
    assert client.get("/d/old/latest/SHA256SUMS", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_old_link_of_a_category_does_not_name_a_hidden_one() -> None:
    category = make_category("Codename", members_only=True)
    path = f"/downloads/categories/anything.{category.pk}/"
    assert Client().get(path)["Location"] == "/categories/anything/"
    assert signed_in(make_user()).get(path)["Location"] == category.path
