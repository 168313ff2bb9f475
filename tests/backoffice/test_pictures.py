"""Staff add, order and remove the pictures of a download in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.factories import image_bytes, make_download, make_picture

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_picture_is_uploaded_shown_moved_described_and_removed(root: Client) -> None:
    download = make_download()
    other, path = make_picture(download), reverse("admin:downloads_download_pictures", args=[download.pk])
    file = SimpleUploadedFile("shot.png", image_bytes("PNG", (100, 100)))
    assert root.post(path, {"kind": "screenshot", "file": file}).status_code == 302
    added = download.stored_pictures.get(width=100)
    assert added.sizes.get().path in root.get(path).content.decode()

    def change(name: str, **values: str) -> Any:
        return root.post(f"{path}{added.public_id}/{name}/", values, follow=True)

    change("earlier")
    assert [row.pk for row in download.stored_pictures.all()] == [added.pk, other.pk]
    change("texts", alt_text="A chart")
    added.refresh_from_db()
    assert added.alt_text == "A chart"
    assert b"at most 300 characters" in change("texts", alt_text="x" * 301).content
    change("remove")
    assert download.stored_pictures.get() == other


def test_refused_picture_is_explained_on_the_page(root: Client) -> None:
    path = reverse("admin:downloads_download_pictures", args=[make_download().pk])
    answer = root.post(path, {"kind": "icon", "file": SimpleUploadedFile("i.png", b"text")})
    assert "The picture cannot be decoded" in answer.content.decode()
