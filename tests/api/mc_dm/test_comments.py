"""Comments over the mc-dm dialect, and the rating of a download."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from downloads.models import Download
from releasehub.audit.models import AuditEntry
from releasehub.community.models import Comment
from releasehub.community.services import delete_contribution
from tests.conftest import ApiClient
from tests.factories import make_category, make_comment, make_download, make_key, make_review, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
PATH = "/api/mc-dm-comments/"
FIELDS = [
    "comment_id",
    "download_id",
    "user_id",
    "username",
    "comment_date",
    "message",
    "comment_state",
    "last_edit_date",
    "edit_count",
    "is_visible",
]


@pytest.fixture
def download() -> Download:
    return make_download()


def listed(client: Any, download: Download, query: str = "") -> Any:
    return client.get(f"{PATH}?download_id={download.pk}&{query}").json()


def code(answer: Any) -> str:
    return str(answer.json()["errors"][0]["code"])


def test_comment_from_creation_to_hard_deletion(download: Download) -> None:
    user = make_user("alice")
    client, staff = ApiClient(make_key(user)), ApiClient(make_key(is_super_user=True))
    made = client.send("post", PATH, {"download_id": download.pk, "message": "Works great on PHP 8.3."})
    comment = made.json()["comment"]
    assert (made.status_code, list(comment)) == (200, FIELDS)
    assert comment | {"comment_date": 0, "comment_id": 0} == {
        "comment_id": 0,
        "download_id": download.pk,
        "user_id": user.pk,
        "username": "alice",
        "comment_date": 0,
        "message": "Works great on PHP 8.3.",
        "comment_state": "visible",
        "last_edit_date": 0,
        "edit_count": 0,
        "is_visible": True,
    }
    path = f"{PATH}{comment['comment_id']}/"
    changed = client.put(path, "message=Works+well.", content_type="application/x-www-form-urlencoded").json()[
        "comment"
    ]
    assert (changed["message"], changed["edit_count"]) == ("Works well.", 1)
    assert changed["last_edit_date"] >= comment["comment_date"]
    assert client.send("put", path, {"message": None}).json()["comment"] == changed
    assert client.delete(f"{path}?reason=obsolete").json() == {"success": True}
    assert (client.get(path).status_code, ApiClient().get(path).status_code) == (404, 404)
    hidden = staff.get(path).json()["comment"]
    assert (hidden["comment_state"], hidden["is_visible"]) == ("deleted", False)
    assert staff.delete(f"{path}?hard=1").json() == {"success": True}
    assert not Comment.all_objects.exists()
    assert AuditEntry.objects.get(action="comment.delete_soft").reason == "obsolete"


def test_user_keys_list_visible_comments_and_super_user_keys_list_all(download: Download) -> None:
    shown = make_comment(download)
    delete_contribution(actor=system(), row=make_comment(download))
    elsewhere = make_comment()
    for client in (ApiClient(make_key(download.owner)), ApiClient()):
        page = listed(client, download)
        assert [row["comment_id"] for row in page["comments"]] == [shown.pk]
        assert page["pagination"]["total"] == 1
        assert (code(client.get(PATH))) == "mc_dm_api_error.parent_filter_required"
    staff = ApiClient(make_key(is_super_user=True))
    page = listed(staff, download)
    assert [row["comment_state"] for row in page["comments"]] == ["deleted", "visible"]
    assert page["pagination"]["total"] == 2
    assert staff.get(PATH).json()["comments"][0]["comment_id"] == elsewhere.pk
    hidden = make_comment(make_download(download.owner), download.owner).download
    Download.objects.filter(pk=hidden.pk).update(visibility="private")
    assert listed(ApiClient(), hidden)["pagination"]["total"] == 0


def test_order_since_and_full_verbosity(download: Download) -> None:
    author = make_user()
    client = ApiClient(make_key(author))
    first, second = make_comment(download, author), make_comment(download)
    Comment.objects.filter(pk=second.pk).update(created_at=first.created_at + timedelta(seconds=1))
    client.send("put", f"{PATH}{first.pk}/", {"message": "Edited."})
    newest_edit = listed(client, download, "order=last_edit_date&per_page=1")
    assert newest_edit["comments"][0]["comment_id"] == first.pk
    after = newest_edit["pagination"]["next"]
    rest = listed(client, download, f"order=last_edit_date&per_page=1&after={after}")
    assert [row["comment_id"] for row in rest["comments"]] == [second.pk]
    since = first.created_at.isoformat().replace("+00:00", "Z")
    page = listed(client, download, f"since={since}&with=full&direction=asc")
    assert [(row["comment_id"], row["can_edit"]) for row in page["comments"]] == [(second.pk, False)]
    assert page["pagination"]["total"] == 1
    row = client.get(f"{PATH}{first.pk}/?with=full").json()["comment"]
    assert (row["can_edit"], row["can_delete"], row["User"]["username"]) == (True, True, author.username)
    assert row["Download"]["download_id"] == download.pk


@pytest.mark.parametrize("verbosity", ["default", "full"])
def test_query_count_of_the_list_is_constant(
    download: Download, verbosity: str, django_assert_max_num_queries: Any
) -> None:
    client, counts = ApiClient(make_key()), []
    listed(client, download)  # the first use of a key is stored
    for rows in (1, 12):
        for _ in range(rows):
            make_comment(download)
        with django_assert_max_num_queries(20) as queries:
            assert listed(client, download, f"with={verbosity}")["pagination"]["total"] >= rows
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_comment_waits_for_approval_where_the_category_asks_for_it() -> None:
    download = make_download(category=make_category(comments_need_approval=True))
    client = ApiClient(make_key())
    made = client.send("post", PATH, {"download_id": download.pk, "message": "First."}).json()["comment"]
    assert (made["comment_state"], made["is_visible"]) == ("moderated", False)
    assert listed(client, download)["comments"] == []
    assert client.get(f"{PATH}{made['comment_id']}/").status_code == 200
    assert ApiClient(make_key()).get(f"{PATH}{made['comment_id']}/").status_code == 404


def test_refused_comment_has_the_expected_status(download: Download, settings: Any) -> None:
    settings.MAX_COMMENT_CHARACTERS = 100
    client, body = ApiClient(make_key()), {"download_id": download.pk, "message": "Same."}

    def status(sender: ApiClient = client, **changes: Any) -> int:
        return int(sender.send("post", PATH, body | changes).status_code)

    assert [status(), status(), status(message=""), status(message="x" * 101)] == [200, 409, 400, 400]
    assert status(message="http://a http://b http://c") == 422
    assert status(download_id=10**9) == status(download_id=make_download(visibility="private").pk) == 404
    assert status(download_id=make_download(category=make_category(allows_comments=False)).pk) == 403
    assert status(ApiClient(make_key(is_super_user=True))) == 400
    assert status(ApiClient()) == 400
    settings.COMMENTS_PER_HOUR = 1
    limited = client.send("post", PATH, body | {"message": "More."})
    assert (limited.status_code, int(limited["Retry-After"]) > 0) == (429, True)
    other = make_comment(download)
    assert client.send("put", f"{PATH}{other.pk}/", {"message": "Mine."}).status_code == 403
    too_long = ApiClient(make_key()).send("post", PATH, body | {"message": "x" * 101}).json()["errors"][0]
    assert too_long["params"]["field"] == "message"


def test_super_user_key_writes_for_the_user_that_it_names(download: Download) -> None:
    user = make_user()
    client = ApiClient(make_key(is_super_user=True))
    body = {"download_id": download.pk, "message": "Imported."}
    made = client.send("post", PATH, body, headers={"XF-Api-User": str(user.pk)}).json()["comment"]
    assert made["user_id"] == user.pk


def test_download_shows_its_rating(download: Download) -> None:
    for rating, text in ((5, "Solid."), (4, ""), (4, "")):
        make_review(download, rating=rating, text=text)
    row = ApiClient().get(f"/api/mc-dm-downloads/{download.pk}/").json()["download"]
    assert (row["rating_avg"], row["rating_count"], row["review_count"]) == (4.33, 3, 1)
