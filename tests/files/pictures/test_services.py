"""Pictures of downloads are added, described, ordered and removed, within limits, by those who may edit."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download
from downloads.services import set_team_member
from files.garbage import find_garbage
from files.models import Blob, Picture, PictureSize
from files.pictures import storing
from files.pictures.ordering import move_screenshot, reorder_pictures
from files.pictures.services import add_picture, remove_picture, update_picture
from files.pictures.storing import authorize_picture, release_picture, store_picture
from files.usage import stored_by_download, used_bytes
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound, Rejected
from releasehub.publishing.deletion import delete_download
from releasehub.webhooks.models import Event
from tests.factories import image_bytes, make_download, make_picture, make_user, stage, system

pytestmark = pytest.mark.django_db


def order(download: Download) -> list[str]:
    return [picture.public_id for picture in download.stored_pictures.filter(kind="screenshot")]


def test_icon_is_stored_in_sizes_and_its_path_is_repeated_in_the_download() -> None:
    download = make_download()
    picture = make_picture(download, "icon", image_bytes("PNG", (300, 300)))
    download.refresh_from_db()
    sizes = picture.sizes.select_related("blob", "picture")
    assert [size.width for size in sizes] == [64, 128, 256]
    assert download.pictures["icon"]["sizes"] == [[size.path, size.width, size.height] for size in sizes]
    assert download.picture_path("icon").endswith(".webp")
    assert download.picture_path("cover") == ""


def test_adding_writes_an_audit_row_and_an_event_with_the_new_path() -> None:
    download = make_download()
    make_picture(download, "cover", alt_text="The start page")
    download.refresh_from_db()
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.download_id, entry.changes["alt_text"]) == (
        "picture.add",
        download.pk,
        "The start page",
    )
    event = Event.objects.latest("id")
    assert (event.type, event.data["cover_path"]) == ("download.updated", download.picture_path("cover"))


def test_new_icon_replaces_the_old_one_and_erases_its_bytes(run_tasks: Any) -> None:
    download = make_download()
    old = make_picture(download, "icon", image_bytes("PNG", (64, 64)))
    blob_id = old.sizes.get().blob_id
    with run_tasks():
        make_picture(download, "icon", image_bytes("PNG", (60, 60)))
    assert download.stored_pictures.get().width == 60
    assert not Blob.objects.filter(pk=blob_id).exists() or Blob.objects.get(pk=blob_id).claimed_until


def test_screenshots_are_limited_ordered_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    download = make_download()
    first, second = (make_picture(download) for _ in range(2))
    reorder_pictures(actor=system(), download=download, public_ids=[second.public_id, first.public_id])
    assert order(download) == [second.public_id, first.public_id]
    with pytest.raises(Invalid):
        reorder_pictures(actor=system(), download=download, public_ids=[second.public_id])
    move_screenshot(actor=system(), picture=second, by=1)
    assert order(download) == [first.public_id, second.public_id]
    move_screenshot(actor=system(), picture=first, by=-1)
    limited = storing.FORMATS["screenshot"].__class__(widths=(480,), max_count=2)
    monkeypatch.setitem(storing.FORMATS, "screenshot", limited)
    with pytest.raises(Conflict):
        make_picture(download)
    remove_picture(actor=system(), picture=first)
    assert order(download) == [second.public_id]
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))[-2:]
    assert actions == ["picture.reorder", "picture.remove"]


def test_texts_are_changed_and_too_long_ones_refused() -> None:
    picture = make_picture(make_download())
    update_picture(actor=system(), picture=picture, alt_text="A table", caption="The table of builds")
    picture.refresh_from_db()
    assert (picture.alt_text, picture.caption) == ("A table", "The table of builds")
    with pytest.raises(Invalid):
        update_picture(actor=system(), picture=picture, caption="x" * 301)


def test_editors_change_pictures_and_others_do_not() -> None:
    download, editor, uploader = make_download(visibility="private"), make_user(), make_user()
    set_team_member(actor=system(), download=download, user=editor, flags={"can_edit"})
    set_team_member(actor=system(), download=download, user=uploader, flags={"can_upload"})
    picture = make_picture(download)
    update_picture(actor=Actor(user=editor), picture=picture, alt_text="A chart")
    with pytest.raises(Denied):
        remove_picture(actor=Actor(user=uploader), picture=picture)
    with pytest.raises(NotFound):
        authorize_picture(actor=Actor(user=make_user()), download=download)


def test_pictures_count_for_both_quotas() -> None:
    owner = make_user()
    download = make_download(owner)
    picture = make_picture(download)
    total = sum(size.blob.size_bytes for size in picture.sizes.all())
    assert used_bytes(owner.pk) == stored_by_download(download.pk) == total > 0
    owner.quota_bytes = total + 1
    owner.save()
    with pytest.raises(Rejected):
        make_picture(download, content=image_bytes("PNG", (500, 500)))


def test_released_picture_leaves_nothing_behind() -> None:
    stored = store_picture(actor=system(), download=make_download(), kind="cover", upload=stage(image_bytes()))
    release_picture(stored)
    assert not Blob.objects.exists()


def test_deleting_a_download_permanently_erases_its_pictures(run_tasks: Any) -> None:
    download = make_download()
    make_picture(download)
    Blob.objects.update(claimed_until=None)
    with run_tasks():
        delete_download(actor=system(), download=download, hard=True)
    assert not PictureSize.objects.exists()
    assert not Blob.objects.exists()


def test_pictures_in_use_are_not_garbage(local_storage: Any) -> None:
    make_picture(make_download())
    Blob.objects.update(claimed_until=None)
    assert [item.kind for item in find_garbage()] == []
    Picture.objects.all().delete()
    assert {item.kind for item in find_garbage()} == {"blob"}


def test_picture_that_was_stored_before_the_right_was_lost_is_not_added() -> None:
    download, editor = make_download(), make_user()
    stored = store_picture(actor=system(), download=download, kind="icon", upload=stage(image_bytes()))
    with pytest.raises(Denied):
        add_picture(actor=Actor(user=editor), download=download, stored=stored)
