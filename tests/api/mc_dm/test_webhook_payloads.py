"""The data in the mc_dm format is the same as in the REST response about the object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from downloads.services import create_download, update_download
from files.services import update_file
from releasehub.api.mc_dm.webhook_terms import to_criteria
from releasehub.community.services import delete_contribution, edit_comment, reply_to_review
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_download, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import edit_version
from releasehub.publishing.transitions import Move
from releasehub.webhooks import formats
from releasehub.webhooks.models import Delivery, Event
from tests.conftest import ApiClient
from tests.factories import (
    make_category,
    make_comment,
    make_download,
    make_file,
    make_key,
    make_review,
    make_user,
    make_version,
    system,
)
from tests.webhooks.conftest import loopback_allowed as loopback_allowed
from tests.webhooks.conftest import make_endpoint
from versions.models import Version

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8080/hook"


def body(event: Event | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(formats.render("mc_dm", event or Event.objects.latest("id")))
    return found


def rest(kind: str, pk: int) -> dict[str, Any]:
    client = ApiClient(make_key(make_user(is_superuser=True), is_super_user=True))
    found: dict[str, Any] = client.get(f"/api/mc-dm-{kind}s/{pk}/").json()[kind]
    return found


@pytest.fixture
def version(settings: Any) -> Version:
    settings.PUBLIC_URL = "http://testserver"
    download = make_download(category=make_category("Mods"), title="Tool", description="**Long**")
    version = make_version(download, "1.0.0", title="One", changelog="* all", release_notes="News")
    make_file(version, name="tool.zip", display_label="All systems", is_primary=True)
    version.refresh_from_db()
    return version


def test_download_payload_equals_the_rest_response(version: Version) -> None:
    update_download(actor=system(), download=version.download, tag_line="Better")
    found = body()
    owner = version.download.owner
    assert list(found) == ["content_type", "event", "content_id", "data"]
    assert (found["content_type"], found["event"], found["content_id"]) == (
        "mc_dm_download",
        "update",
        version.download_id,
    )
    assert found["data"] == rest("download", version.download_id) | {
        "Category": {"category_id": version.download.category_id, "title": "Mods"},
        "User": {"user_id": owner.pk, "username": owner.username},
        "CurrentVersion": {"version_id": version.pk, "version_string": "1.0.0"},
    }


def test_version_payload_equals_the_rest_response(version: Version) -> None:
    move(Move.UNPUBLISH, actor=system(), version=version)
    found = body()
    assert found["event"] == "unpublish"
    data = found["data"]
    download, user = data.pop("Download"), data.pop("User")
    assert data == rest("version", version.pk)
    expected = rest("download", version.download_id)
    assert download.pop("last_update") <= expected.pop("last_update")  # the date follows the event
    for name in ("description", "current_version_id"):
        del expected[name]
    assert download == expected | {"Category": {"category_id": version.download.category_id, "title": "Mods"}}
    assert user is None  # made by the hub itself


def test_file_payload_equals_the_rest_response(version: Version) -> None:
    file = version.files.get()
    update_file(actor=system(), file=file, display_label="Linux")
    found = body()
    data = found["data"]
    parent = data.pop("Version")
    assert (found["content_type"], found["event"], data) == ("mc_dm_file", "update", rest("file", file.pk))
    assert (parent["version_string"], parent["Download"]["title"]) == ("1.0.0", "Tool")


def test_comment_payload_equals_the_rest_response(version: Version) -> None:
    comment = make_comment(version.download, make_user("ann"), text="Works.")
    comment = edit_comment(actor=Actor(user=comment.author), comment=comment, text="Works well.")
    found = body()
    data = found["data"]
    download, user = data.pop("Download"), data.pop("User")
    assert (found["content_type"], found["event"], data) == ("mc_dm_comment", "update", rest("comment", comment.pk))
    assert (download["title"], user) == ("Tool", {"user_id": comment.author_id, "username": "ann"})
    delete_contribution(actor=system(), row=comment)
    assert (body()["event"], body()["data"]["comment_state"]) == ("update", "deleted")
    delete_contribution(actor=system(), row=comment, hard=True)
    assert body()["event"] == "delete"


def test_review_payload(version: Version) -> None:
    review = make_review(version.download, make_user("ann"), rating=5, text="Solid.")
    reply_to_review(actor=Actor(user=version.download.owner), review=review, text="Thanks.")
    found = body()
    data = found["data"]
    download, user = data.pop("Download"), data.pop("User")
    review_date = int(review.created_at.timestamp())
    assert (found["content_type"], found["event"], found["content_id"]) == ("mc_dm_review", "update", review.pk)
    assert data == {
        "review_id": review.pk,
        "download_id": version.download_id,
        "user_id": review.author_id,
        "username": "ann",
        "rating": 5,
        "review_date": review_date,
        "message": "Solid.",
        "review_state": "visible",
        "last_edit_date": 0,
        "edit_count": 0,
        "is_visible": True,
        "author_reply": "Thanks.",
    }
    assert (download["rating_avg"], download["rating_count"], download["review_count"]) == (5.0, 1, 1)
    assert user["username"] == "ann"


def test_criteria_of_reviews_select_by_rating_and_category() -> None:
    download = make_download()
    criteria = to_criteria({"mc_dm_review": {"rating_max": 2, "categories": [download.category_id]}})
    make_endpoint(URL, format="mc_dm", events=["review.*"], criteria=criteria)
    make_review(download, rating=3)
    make_review(rating=1)
    assert not Delivery.objects.exists()
    make_review(download, rating=2)
    assert Delivery.objects.count() == 1


def test_missing_snapshot_data_is_loaded() -> None:
    """Old events do not contain the names."""
    author = make_user("ann")
    version = make_version()
    event = Event.objects.filter(object_type="version").latest("id")
    event.data |= {"author": None, "author_id": author.pk, "download": event.data["download"] | {"category": None}}
    data = body(event)["data"]
    assert data["User"] == {"user_id": author.pk, "username": "ann"}
    assert data["Download"]["Category"]["title"] == version.download.category.title


def test_user_of_a_version_payload_is_its_author() -> None:
    download = make_download()
    client = ApiClient(make_key(download.owner))
    client.send("post", "/api/mc-dm-versions/", {"download_id": download.pk, "version_string": "1.0"})
    assert body()["data"]["User"]["username"] == download.owner.username


def test_deletion_events_contain_the_deleted_data(version: Version) -> None:
    delete_download(actor=system(), download=version.download, hard=True)
    found = body()
    assert (found["event"], found["data"]["title"]) == ("delete", "Tool")
    assert found["data"]["CurrentVersion"] is None


def test_drafts_cause_no_deliveries() -> None:
    make_endpoint(URL, format="mc_dm")
    make_endpoint(URL, format="mc_dm_form")
    owner = make_user()
    category = make_category()
    draft = create_download(actor=system(), category=category, title="Draft", owner=owner, state="draft")
    version = make_version(draft, "1.0.0", files=1)
    edit_version(actor=system(), version=version, title="More")
    delete_version(actor=system(), version=version)
    delete_download(actor=system(), download=draft)
    own = make_version(make_download(state="visible"), "1.0.0", state="draft", files=1)
    Delivery.objects.filter(event__type__startswith="download").delete()
    delete_version(actor=system(), version=own, hard=True)
    assert not Delivery.objects.exists()
