"""Pictures of users: who sets them, how they are served, and when their bytes are erased."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from files.blobs import erase_unused
from files.models import Avatar, Blob
from files.pictures.avatars import receive_avatar, remove_avatar
from releasehub.accounts.models import User
from releasehub.accounts.services.anonymizing import anonymize_user
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound, Rejected
from tests.factories import image_bytes, make_comment, make_download, make_user, system
from tests.factories.releases import stage
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FORM = "/account/profile/picture/"


@pytest.fixture
def ann() -> User:
    return make_user("ann")


def give(user: User, content: bytes = b"", actor: Actor | None = None) -> User:
    upload = stage(content or image_bytes(), "me.png")
    try:
        receive_avatar(actor=actor or Actor(user=user), user=user, upload=upload)
    finally:
        upload.discard()
    user.refresh_from_db()
    return user


def test_picture_is_encoded_again_as_a_small_square_and_served_to_everybody(ann: User) -> None:
    answer = Client().get(give(ann, image_bytes("JPEG", (900, 500))).avatar_path)
    assert (answer["Content-Type"], answer["Cache-Control"]) == (
        "image/webp",
        "public, max-age=31536000, immutable, no-transform",
    )
    image = Image.open(BytesIO(answer.content))
    assert (image.format, image.size) == ("WEBP", (128, 128))


def test_new_picture_replaces_the_old_one_and_its_bytes(ann: User, run_tasks: Any) -> None:
    first = give(ann).avatar_path
    Blob.objects.update(claimed_until=None)
    with run_tasks():
        second = give(ann, image_bytes(size=(50, 90))).avatar_path
    assert first != second
    assert Client().get(first).status_code == 404
    assert Blob.objects.count() == 1
    Blob.objects.update(claimed_until=None)
    with run_tasks():
        remove_avatar(actor=Actor(user=ann), user=ann)
    ann.refresh_from_db()
    assert ann.avatar_path == ""
    assert not Blob.objects.exists()


def test_stored_bytes_in_use_are_not_garbage(ann: User) -> None:
    give(ann)
    Blob.objects.update(claimed_until=None)
    assert erase_unused(Blob.objects.values_list("pk", flat=True)) == 0


def test_changes_are_audited(ann: User) -> None:
    give(ann)
    assert AuditEntry.objects.get(action="user.update").changes == {"avatar_path": ["", ann.avatar_path]}


def test_nobody_else_changes_the_picture_and_other_files_are_refused(ann: User) -> None:
    with pytest.raises(NotFound):
        give(ann, actor=Actor(user=make_user()))
    with pytest.raises(Denied):
        give(ann, actor=Actor(user=make_user("root", is_staff=True, is_superuser=True)))
    with pytest.raises(Rejected):
        give(ann, b"text")
    assert not Blob.objects.exists()


def test_picture_is_erased_with_the_account(ann: User) -> None:
    path = give(ann).avatar_path
    anonymize_user(actor=system(), user=ann)
    ann.refresh_from_db()
    assert (ann.avatar_path, Avatar.objects.count()) == ("", 0)
    assert Client().get(path).status_code == 404


def test_form_of_the_profile_sets_and_removes_it(ann: User) -> None:
    client = signed_in(ann)
    client.post(FORM, {"file": SimpleUploadedFile("me.png", image_bytes())})
    ann.refresh_from_db()
    assert ann.avatar_path in client.get("/account/profile/").content.decode()
    client.post(f"{FORM}remove/")
    ann.refresh_from_db()
    assert ann.avatar_path == ""


@pytest.mark.parametrize(("content", "message"), [(b"text", "cannot be decoded"), (None, "Choose a picture first.")])
def test_form_explains_what_is_wrong(ann: User, content: bytes | None, message: str) -> None:
    values = {} if content is None else {"file": SimpleUploadedFile("me.png", content)}
    assert message in signed_in(ann).post(FORM, values, follow=True).content.decode()


def test_form_needs_its_token(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    assert client.post(FORM, {"file": SimpleUploadedFile("me.png", image_bytes())}).status_code == 403
    assert not Blob.objects.exists()


def test_author_page_comments_and_header_show_it_or_the_initials(ann: User) -> None:
    download = make_download(ann, title="Tool")
    make_comment(download, author=ann, text="Hello")
    for path in ("/authors/ann/", download.path):
        assert '<span class="avatar hue-' in Client().get(path).content.decode()
    give(ann)
    for path in ("/authors/ann/", download.path):
        assert f'src="{ann.avatar_path}"' in Client().get(path).content.decode()
    assert f'src="{ann.avatar_path}"' in signed_in(ann).get("/").content.decode()
