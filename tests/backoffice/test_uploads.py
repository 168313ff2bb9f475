"""The upload page of a version, as a browser uses it: with the CSRF check, whose token is read from the page."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from files.models import File
from tests.factories import make_user, make_version

pytestmark = pytest.mark.django_db


def browser(**fields: Any) -> Client:
    """Return a client that enforces CSRF, signed in unless no fields are given."""
    client = Client(enforce_csrf_checks=True)
    if fields:
        client.force_login(make_user(**fields))
    return client


@pytest.fixture
def root() -> Client:
    return browser(is_staff=True, is_superuser=True)


def upload_url(version: Any) -> str:
    return reverse("admin:versions_version_upload", args=[version.pk])


def send(client: Client, url: str, *files: SimpleUploadedFile, **fields: Any) -> Any:
    """Open the page, then post the form with the token from it."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(url).content.decode())
    assert token is not None
    return client.post(url, {"csrfmiddlewaretoken": token[1], "file": list(files), **fields})


def stored_files() -> list[Path]:
    return [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


def test_upload_stores_the_same_bytes(root: Client) -> None:
    version = make_version(state="draft")
    content = b"from the admin" * 1000
    answer = send(root, upload_url(version), SimpleUploadedFile("tool.bin", content), platform="Linux")
    assert answer.status_code == 302
    file = File.objects.get(version=version)
    assert file.blob is not None
    assert (file.platform, file.blob.sha256) == ("Linux", hashlib.sha256(content).hexdigest())


def test_upload_without_csrf_token_is_rejected_and_stores_nothing(root: Client) -> None:
    url = upload_url(make_version())
    assert root.post(url, {"file": SimpleUploadedFile("tool.zip", b"x")}).status_code == 403
    assert (File.objects.count(), stored_files()) == (0, [])


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 302), ({"username": "ann"}, 302), ({"username": "ann", "is_staff": True}, 404)],
    ids=["anonymous", "author", "staff without rights"],
)
def test_body_is_not_read_without_the_right_to_upload(
    fields: dict[str, Any], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("The body was parsed.")

    version = make_version(make_version().download, visibility="unlisted")
    client = browser(**fields)
    monkeypatch.setattr("django.http.request.HttpRequest.parse_file_upload", refuse)
    answer = client.post(upload_url(version), {"file": SimpleUploadedFile("tool.bin", b"x")})
    assert answer.status_code == status
    assert stored_files() == []


def test_invalid_upload_name_is_explained_and_stores_nothing(root: Client) -> None:
    answer = send(root, upload_url(make_version()), SimpleUploadedFile("con.txt", b"x"))
    assert (answer.status_code, b"device" in answer.content) == (200, True)
    assert (File.objects.count(), stored_files()) == (0, [])


def test_rejected_upload_shows_the_reason_and_keeps_the_other_fields(root: Client) -> None:
    answer = send(root, upload_url(make_version()), SimpleUploadedFile("tool.zip", b"no zip"), platform="linux")
    assert (answer.status_code, b'role="alert"' in answer.content) == (200, True)
    assert b'value="linux"' in answer.content
    assert File.objects.count() == 0


@pytest.mark.parametrize(
    ("files", "limit_bytes"), [((b"one", b"two"), 0), ((b"too long",), 4)], ids=["two files", "too large"]
)
def test_upload_that_the_handler_rejects_shows_the_form_again(
    root: Client, files: tuple[bytes, ...], limit_bytes: int, settings: Any
) -> None:
    settings.MAX_FILE_BYTES = limit_bytes
    uploads = [SimpleUploadedFile(f"tool-{number}.bin", content) for number, content in enumerate(files)]
    answer = send(root, upload_url(make_version()), *uploads)
    assert (answer.status_code, b'role="alert"' in answer.content) == (200, True)
    assert (File.objects.count(), stored_files()) == (0, [])


def test_upload_without_a_file_shows_an_error(root: Client) -> None:
    answer = send(root, upload_url(make_version()))
    assert (answer.status_code, b"required" in answer.content) == (200, True)
