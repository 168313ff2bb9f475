"""Pictures of a download on the author's desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from downloads.models import Download, TeamMember
from files.models import Blob, Picture
from files.pictures.paths import screenshots_of
from releasehub.markdown.rendering import render_markdown
from tests.factories import image_bytes, make_picture, make_user
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def page(download: Download) -> str:
    return reverse("pages:desk-pictures", args=[download.public_id])


def send(client: Client, download: Download, content: bytes, kind: str = "screenshot") -> int:
    file = SimpleUploadedFile("shot.png", content)
    return client.post(page(download), {"kind": kind, "file": file, "alt_text": "A window"}).status_code


def test_screenshot_is_added_and_shown_with_its_description(author: Client, download: Download) -> None:
    assert send(author, download, image_bytes("PNG", (100, 100))) == 302
    assert 'alt="A window"' in author.get(page(download)).content.decode()


def test_file_that_is_no_picture_is_refused_and_leaves_nothing(author: Client, download: Download) -> None:
    assert send(author, download, b"text") == 400
    assert not Picture.objects.exists()
    assert not Blob.objects.exists()


def test_buttons_describe_move_and_remove(author: Client, download: Download) -> None:
    first, second = make_picture(download), make_picture(download)
    url = f"{page(download)}{second.public_id}/"
    author.post(f"{url}earlier/")
    author.post(f"{url}texts/", {"alt_text": "A chart", "caption": ""})
    rows = list(download.stored_pictures.all())
    assert ([row.pk for row in rows], rows[0].alt_text) == ([second.pk, first.pk], "A chart")
    author.post(f"{url}remove/")
    assert download.stored_pictures.get() == first
    assert author.post(f"{page(download)}{first.public_id}/paint/").status_code == 404


def test_pictures_of_others_are_refused_before_their_bytes_are_read(download: Download) -> None:
    member = make_user("max")
    TeamMember.objects.create(download=download, user=member, can_upload=True)
    assert send(signed_in(member), download, b"text") == 403
    assert send(signed_in(make_user()), download, b"text") == 404
    assert not Blob.objects.exists()


def test_form_without_the_token_is_refused(download: Download) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(download.owner)
    assert send(client, download, image_bytes("PNG", (10, 10))) == 403
    assert not Blob.objects.exists()


def test_script_of_the_editor_gets_the_path_that_shows_the_picture(author: Client, download: Download) -> None:
    def send(content: bytes) -> Any:
        body = {"kind": "inline", "file": SimpleUploadedFile("image.png", content)}
        return author.post(page(download), body, headers={"accept": "application/json"})

    path = send(image_bytes("PNG", (100, 100))).json()["path"]
    assert author.get(path)["Content-Type"] == "image/webp"
    assert f'<img src="{path}"' in render_markdown(f"![A window]({path})")
    refused = send(b"text")
    assert (refused.status_code, "picture" in refused.json()["message"]) == (400, True)


def test_inline_pictures_are_no_screenshots(author: Client, download: Download) -> None:
    make_picture(download, "inline")
    assert not screenshots_of(download)
    assert "Picture in a text" in author.get(page(download)).content.decode()
