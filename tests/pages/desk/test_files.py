"""Files on the author's desk, without script."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from files.models import Blob, File
from tests.factories import make_file, make_user, make_version
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def page(file: File, name: str = "desk-file", *args: str) -> str:
    return reverse(f"pages:{name}", args=[file.public_id, *args])


def upload(client: Client, download: Download, name: str, content: bytes = b"content") -> int:
    version = download.versions.first() or make_version(download, "1.0.0", state="draft")
    url = reverse("pages:desk-file-upload", args=[version.public_id])
    return client.post(url, {"file": SimpleUploadedFile(name, content)}).status_code


def test_plain_form_stores_the_file_with_the_target_of_its_name(author: Client, download: Download) -> None:
    assert upload(author, download, "tool-linux-arm64.bin") == 302
    file = File.objects.get()
    assert (file.filename, file.platform, file.architecture) == ("tool-linux-arm64.bin", "linux", "arm64")


def test_rejected_file_leaves_nothing_behind_and_says_why(author: Client, download: Download) -> None:
    upload(author, download, "tool.zip", b"not a zip archive")
    assert not File.objects.exists()
    assert not Blob.objects.exists()
    page = reverse("pages:desk-version", args=[download.versions.get().public_id])
    text = author.get(page).content.decode()
    assert "the content is not such an archive" in text


def test_bytes_of_others_are_refused_before_they_are_read(download: Download) -> None:
    assert upload(signed_in(make_user()), download, "tool.bin") == 404
    assert upload(Client(), download, "tool.bin") == 302
    assert not Blob.objects.exists()


def test_form_without_the_token_is_refused(download: Download) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(download.owner)
    assert upload(client, download, "tool.bin") == 403
    assert not Blob.objects.exists()


def test_edit_changes_what_people_read_about_a_file(author: Client, download: Download) -> None:
    file = make_file(make_version(download, "1.0.0"), name="tool.bin")
    values = {"platform": "windows", "architecture": "x64", "display_label": "Installer", "kind": "package"}
    author.post(page(file), values | {"is_primary": "on"})
    file.refresh_from_db()
    assert (file.platform, file.display_label, file.is_primary_choice) == ("windows", "Installer", True)


def test_deleted_file_can_be_restored(author: Client, download: Download) -> None:
    file = make_file(make_version(download, "1.0.0"), name="tool.bin")
    author.post(page(file, "desk-file-act", "delete"))
    file.refresh_from_db()
    assert file.is_deleted
    author.post(page(file, "desk-file-act", "restore"))
    file.refresh_from_db()
    assert not file.is_deleted


def test_file_of_another_author_is_not_found(author: Client) -> None:
    file = make_file()
    assert author.get(page(file)).status_code == 404
    assert author.post(page(file, "desk-file-act", "delete")).status_code == 404
