"""Permanent links: what they lead to, and what becomes of them."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from downloads.services import update_download
from files.models import DownloadGrant, File
from files.services import link_file
from releasehub.distribution import links
from releasehub.pages.fetching import fetch_commands
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import edit_version
from releasehub.publishing.transitions import Move
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
from versions.services import update_version

pytestmark = pytest.mark.django_db
local_only = pytest.mark.skipif(settings.STORAGE_KIND == "s3", reason="S3 answers with a redirect to signed links")
BYTES = b"0123456789" * 100


@pytest.fixture
def file() -> Any:
    download = make_download(title="Tool")
    return make_file(make_version(download, "1.4.0"), name="tool-linux.tar.gz", content=BYTES, platform="linux")


def path(file: Any) -> str:
    return f"/d/{file.version.download.slug}/{file.version.number}/{file.filename}"


def fetch(client: Client, link: str) -> Any:
    """The answer, its bytes read to the end."""
    answer: Any = client.get(link)
    assert not answer.streaming or b"".join(answer)
    return answer


@local_only
def test_exact_link_gives_the_bytes_and_their_digests(client: Client, file: Any) -> None:
    answer: Any = client.get(path(file))
    assert b"".join(answer) == BYTES
    assert answer["X-Checksum-SHA256"] == hashlib.sha256(BYTES).hexdigest()
    assert answer["Content-Disposition"] == 'attachment; filename="tool-linux.tar.gz"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


@local_only
@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=990-", 206, BYTES[990:]),
        ("bytes=0-1,2-9", 206, BYTES[:10]),
        ("bytes=9-5", 200, BYTES),
    ],
)
def test_range_request_returns_the_expected_bytes(
    client: Client, file: Any, asked: str, status: int, content: bytes
) -> None:
    answer: Any = client.get(path(file), headers={"Range": asked})
    assert (answer.status_code, b"".join(answer)) == (status, content)
    assert int(answer["Content-Length"]) == len(content)


@local_only
def test_range_past_the_end_is_416(client: Client, file: Any) -> None:
    answer = client.get(path(file), headers={"Range": "bytes=1000-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */1000")


@local_only
def test_if_range_with_another_etag_sends_the_whole_file(client: Client, file: Any) -> None:
    answer: Any = client.get(path(file), headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (answer.status_code, b"".join(answer)) == (200, BYTES)


@local_only
def test_known_etag_is_304(client: Client, file: Any) -> None:
    for tag in (f'"{file.blob.sha256}"', f'W/"{file.blob.sha256}"', f'"{file.blob.sha256}-gzip"'):
        assert client.get(path(file), headers={"If-None-Match": tag}).status_code == 304


@local_only
@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"<svg xmlns='x' onload='alert(1)'/>"])
def test_active_content_is_served_as_octet_stream(client: Client, content: bytes) -> None:
    answer: Any = client.get(path(make_file(content=content, name="page.html")))
    assert b"".join(answer) == content
    assert answer["Content-Type"] == "application/octet-stream"


def test_accel_redirect_header_contains_the_object_path(client: Client, file: Any, settings: Any) -> None:
    settings.ACCEL_REDIRECT = "/protected"
    if settings.STORAGE_KIND == "local":
        assert client.get(path(file))["X-Accel-Redirect"] == f"/protected/{file.blob.storage_key}"


LATEST = {
    "latest/": "1.10.0",
    "latest/linux": "1.10.0",
    "latest/windows-x64": "1.9.0",
    "latest-1.9.x/linux": "1.9.0",
    "channel/beta/linux": "2.0.0-beta.1",
    "latest/tool.exe": "1.9.0",
}


def test_latest_is_chosen_by_version_order(client: Client) -> None:
    download = make_download()
    for text, channel in (("1.10.0", ""), ("2.0.0-beta.1", "beta"), ("1.9.0", "")):  # the backport came last
        version = make_version(download, text, channel=channel)
        make_file(version, name=f"tool-{text}.tgz", platform="linux")
        if text == "1.9.0":
            make_file(version, name="tool.exe", platform="windows", architecture="x64")
    answers = {link: fetch(client, f"/d/{download.slug}/{link}") for link in LATEST}
    assert {link: answer["X-ReleaseHub-Version"] for link, answer in answers.items()} == LATEST
    assert {answer.status_code for answer in answers.values()} <= {200, 302}


def test_every_permanent_link_states_its_version(client: Client, file: Any) -> None:
    """The command line takes a response without it for that of a different server."""
    slug = file.version.download.slug
    linked = link_file(actor=system(), version=file.version, url="https://example.org/e.zip", filename="e.zip")
    File.objects.filter(pk=linked.pk).update(validation_status=File.Validation.PASSED)
    links = (path(file), path(linked), f"/d/{slug}/1.4.0/SHA256SUMS", f"/d/{slug}/latest/SHA256SUMS")
    assert {fetch(client, link)["X-ReleaseHub-Version"] for link in links} == {"1.4.0"}


def test_yanked_keeps_its_exact_link_with_a_warning(client: Client, file: Any) -> None:
    move(Move.YANK, actor=system(), version=file.version, reason="breaks\nthings")
    answer: Any = client.get(path(file))
    assert not answer.streaming or b"".join(answer)
    assert answer["X-ReleaseHub-Yanked"] == "breaks things"
    assert client.get(f"/d/{file.version.download.slug}/latest/").status_code == 404


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("what", ["file", "version", "download"])
def test_deleted_public_link_is_410_with_the_reason(client: Client, file: Any, what: str, hard: bool) -> None:
    link = path(file)
    delete: Any = {"file": delete_file, "version": delete_version, "download": delete_download}[what]
    target = {"file": file, "version": file.version, "download": file.version.download}[what]
    delete(actor=system(), hard=hard, reason="license trouble", **{what: target})
    page, data = client.get(link), client.get(link, headers={"Accept": "application/json"})
    assert (page.status_code, data.status_code) == (410, 410)
    assert b"license trouble" in page.content
    assert data.json()["message"] == "license trouble"


def test_private_file_is_404_without_its_access_key(client: Client, file: Any) -> None:
    download = file.version.download
    update_download(actor=system(), download=download, visibility="private")
    assert client.get(path(file)).status_code == 404
    assert ApiClient(make_key(make_user())).get(path(file)).status_code == 404
    answer: Any = ApiClient(make_key(download.owner)).get(path(file))
    assert answer.status_code in {200, 302}
    assert not answer.streaming or b"".join(answer)


def test_key_without_the_scope_is_refused(client: Client, file: Any) -> None:
    assert ApiClient(make_key(scopes=[])).get(path(file)).status_code == 403


def test_sha256sums_matches_the_files(client: Client, file: Any) -> None:
    answer = client.get(f"/d/{file.version.download.slug}/1.4.0/SHA256SUMS")
    assert answer.content.decode() == f"{hashlib.sha256(BYTES).hexdigest()}  tool-linux.tar.gz\n"


@pytest.mark.parametrize("typo", ["tool-linux.tar.g", "linus", "linux-x65", "-x64", "latest.yml"])
def test_link_with_a_typo_returns_no_other_file(client: Client, typo: str) -> None:
    make_file(make_version(make_download(slug="tool"), "1.0"), name="tool-linux.tar.gz")
    assert client.get(f"/d/tool/latest/{typo}").status_code == 404


def test_link_does_not_tell_the_platforms_of_drafts(client: Client) -> None:
    download = make_download(slug="tool")
    make_file(make_version(download, "1.0"), name="tool.jar")
    make_file(
        make_version(download, "2.0", state="draft"), name="tool.bin", platform="codename", architecture="mos6502"
    )
    assert client.get("/d/tool/latest/codename").status_code == 404
    assert client.get("/d/tool/latest/linux-mos6502").status_code == 404


def test_universal_file_is_returned_for_every_platform(client: Client) -> None:
    version = make_version(make_download(slug="tool"), "1.0")
    make_file(version, name="tool.jar")
    make_file(version, name="tool-haiku.zip", platform="haiku", architecture="ppc")
    for wanted, name in (("windows-x64", "tool.jar"), ("haiku", "tool-haiku.zip"), ("haiku-ppc", "tool-haiku.zip")):
        answer = fetch(client, f"/d/tool/latest/{wanted}")
        assert name in (answer.get("Content-Disposition") or answer["Location"])


def test_same_number_in_two_channels_keeps_its_own_bytes(client: Client) -> None:
    download = make_download(slug="tool")
    files = {
        channel: make_file(make_version(download, "1.0", channel=channel), name="tool.zip", content=channel.encode())
        for channel in ("stable", "beta")
    }
    digests = {channel: file.blob.sha256 for channel, file in files.items()}
    for channel, file in files.items():
        page = client.get(links.version_path(file.version))
        assert digests[channel].encode() in page.content
        assert links.file_path(file) in page.content.decode()
        assert fetch(client, links.file_path(file))["X-Checksum-SHA256"] == digests[channel]
        assert digests[channel] in client.get(links.checksums_path(file.version)).content.decode()
    delete_version(actor=system(), version=files["beta"].version, reason="bad build")
    assert client.get(links.file_path(files["beta"])).status_code == 410
    assert fetch(client, links.file_path(files["stable"]))["X-Checksum-SHA256"] == digests["stable"]


def test_promoted_version_is_found_by_its_old_link(client: Client) -> None:
    file = make_file(make_version(make_download(slug="tool"), "1.0", channel="beta"), name="tool.zip")
    old = links.file_path(file)
    update_version(actor=system(), version=file.version, channel="stable")
    assert fetch(client, old)["X-Checksum-SHA256"] == file.blob.sha256
    assert fetch(client, old.partition("?")[0])["X-Checksum-SHA256"] == file.blob.sha256


@pytest.mark.embedded  # the next test, and that of public links, delete on every database
@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("hidden", ["draft", "private", "members", "members-only category", "private download"])
def test_deleted_hidden_version_is_404_without_a_reason(client: Client, file: Any, hidden: str, hard: bool) -> None:
    version, download, link = file.version, file.version.download, path(file)
    match hidden:
        case "draft":
            move(Move.UNPUBLISH, actor=system(), version=version)
        case "private":
            edit_version(actor=system(), version=version, visibility="private")
        case "members" | "private download":
            update_download(actor=system(), download=download, visibility=hidden.split(" ")[0])
        case _:
            type(download.category).objects.filter(pk=download.category_id).update(is_members_only=True)
    fresh = type(file).all_objects.select_related("version__download").get(pk=file.pk)
    steps: list[Any] = [
        partial(delete_file, file=fresh),
        partial(delete_version, version=fresh.version),
        partial(delete_download, download=fresh.version.download),
    ]
    for step in steps[:2] if hidden in {"draft", "private"} else steps:
        step(actor=system(), hard=hard, reason="the secret reason")
        answer = client.get(link)
        assert (answer.status_code, b"secret reason" in answer.content) == (404, False)


def test_members_get_410_for_a_deleted_members_only_download(client: Client, file: Any) -> None:
    update_download(actor=system(), download=file.version.download, visibility="members")
    delete_download(actor=system(), download=file.version.download, reason="license trouble")
    client.force_login(make_user())
    assert client.get(path(file)).status_code == 410


@pytest.mark.embedded
@pytest.mark.parametrize(
    "name", ["$(touch pwned).zip", "`touch pwned`.zip", "a'; touch pwned; '.zip", "-o pwned.zip", "a & touch pwned"]
)
def test_copied_commands_are_safe_for_hostile_names(name: str, tmp_path: Path) -> None:
    file = make_file(name=name, content=BYTES)
    fetched = tmp_path / name
    (tmp_path / "curl").write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import sys; print(sys.argv[1:])' \"$@\"\n")
    (tmp_path / "curl").chmod(0o755)
    fetched.write_bytes(BYTES)
    commands = fetch_commands("http://hub.example", file)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, capture_output=True, check=True)
    arguments = ast.literal_eval(done.stdout.decode().splitlines()[0])
    assert arguments[:2] == ["-fL", "-o"]
    assert (tmp_path / arguments[2]) == fetched
    assert arguments[3] == "http://hub.example" + links.file_path(file)
    assert {item.name for item in tmp_path.iterdir()} == {"curl", name}


def test_asset_without_a_url_is_503() -> None:
    owner = make_user()
    version = make_version(make_download(owner), "1.0.0", release_page_url="https://github.com/o/r/releases/tag/v1")
    link = link_file(actor=system(), version=version, reference="77", filename="tool.zip")
    answer = ApiClient(make_key(owner)).get(links.file_path(link), headers={"Accept": "application/json"})
    assert (answer.status_code, "looked up" in answer.json()["message"]) == (503, True)
    assert not DownloadGrant.objects.exists()


@pytest.mark.parametrize("path", ["1.0.0/%00", "%00/tool.zip", "latest/%00", "latest-%00/", "channel/%00/"])
def test_urls_that_the_database_cannot_store_are_404(client: Client, path: str) -> None:
    version = make_version(number="1.0.0", files=1)
    assert client.get(f"/d/{version.download.slug}/{path}").status_code == 404


def test_permanent_link_takes_one_query_and_one_insert(
    client: Client, file: Any, django_assert_num_queries: Any
) -> None:
    fetch(client, path(file))
    with django_assert_num_queries(2):
        fetch(client, path(file))


@pytest.mark.parametrize("delete", [delete_download, delete_version, delete_file])
def test_deleted_download_is_410_for_its_owner(client: Client, file: Any, delete: Any) -> None:
    client.force_login(file.version.download.owner)
    assert fetch(client, path(file)).status_code in {200, 302}
    name, target = {
        delete_download: ("download", file.version.download),
        delete_version: ("version", file.version),
        delete_file: ("file", file),
    }[delete]
    delete(actor=system(), **{name: target})
    assert client.get(path(file)).status_code == 410


@pytest.mark.usefixtures("local_storage")
@pytest.mark.parametrize("first_number", ["1.0.0", "1.0"])
@pytest.mark.parametrize("end", ["stays", "renumbered", "erased"])
def test_link_never_passes_to_another_channel(client: Client, first_number: str, end: str) -> None:
    """The number belongs to the version of the default channel, also if that was spelled differently or is gone."""
    download, link = make_download(slug="tool"), "/d/tool/1.0/tool.zip"
    first = make_version(download, first_number)
    make_file(first, name="tool.zip", content=b"first")
    if end == "renumbered":
        update_version(actor=system(), version=first, number="2.0.0")
    elif end == "erased":
        delete_version(actor=system(), version=first, hard=True)
    before = fetch(client, link)
    make_file(make_version(download, "1.0", channel="beta"), name="tool.zip", content=b"another")
    after = fetch(client, link)
    assert after.status_code == before.status_code == (410 if end == "erased" else 200)
    assert after.get("X-Checksum-SHA256") == before.get("X-Checksum-SHA256")


def test_number_in_two_channels_leads_to_the_default_channel(client: Client, file: Any) -> None:
    download = file.version.download
    beta = make_version(download, "1.4.0", channel="beta")
    only_beta = make_file(beta, name="only-beta.bin")
    assert client.get(path(only_beta)).status_code == 404
    assert fetch(client, f"{path(only_beta)}?channel=beta").status_code in {200, 302}
    assert fetch(client, path(file)).status_code in {200, 302}


def test_redirect_does_not_depend_on_the_language(client: Client, file: Any) -> None:
    linked = link_file(actor=system(), version=file.version, url="https://example.org/e.zip", filename="e.zip")
    File.objects.filter(pk=linked.pk).update(validation_status=File.Validation.PASSED)
    answer: Any = client.get(path(linked), headers={"Accept-Language": "de"})
    assert answer.status_code == 302
    assert "Content-Language" not in answer
    assert "Accept-Language" not in answer.get("Vary", "")


def test_message_waits_until_a_page_can_show_it(client: Client, file: Any) -> None:
    client.force_login(make_user())
    client.post(f"/account/watches/downloads/{file.version.download_id}/", {"watch": "1"})
    fetch(client, path(file))
    text = 'class="toasts"'
    assert text in client.get("/account/watches/").content.decode()
    assert text not in client.get("/account/watches/").content.decode()
